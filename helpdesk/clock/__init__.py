"""The present moment and working time. Pure: no Flask, no database.

due_at(now(), Limit.parse("2 wh"), calendar)
"""

from helpdesk.clock.calendar import DayRule, NoCalendarData, WorkCalendar
from helpdesk.clock.chinese import chinese_days, default_calendars, published_years
from helpdesk.clock.counting import (
    Pause,
    add_work_seconds,
    after_pause,
    at_share,
    closes_at,
    covers,
    due_at,
    opens_at,
    remaining,
    share_used,
    work_seconds_between,
)
from helpdesk.clock.explain import Span, explain
from helpdesk.clock.hours import CalendarError, Interval, Week
from helpdesk.clock.limits import Limit, LimitError, LimitKind
from helpdesk.clock.moment import moved_to, now, read_from, read_moment, tick, wall, within_reach
from helpdesk.clock.seasons import Season
