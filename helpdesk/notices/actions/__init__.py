"""Rectification notices: one function per verb, in one transaction each.

step.py       the frame of every move: lock, right, table of moves, change, record
clock.py      limits, due times, alarms, overdue, who is told
issuing.py    draft, edit, approve, issue, withdraw
deciding.py   on objections, on plans, on more time
answering.py  the department: sign, object, contain, plan, claim done, ask for more time
checking.py   re-inspection, further rounds, watching, recurrence
similar.py    complaints that look like a recurrence
"""

from __future__ import annotations

from helpdesk.notices.actions.answering import (
    ask_extension,
    claim_done,
    contain,
    object_to,
    sign,
    start,
    submit_plan,
)
from helpdesk.notices.actions.checking import close_watch, recur, verify
from helpdesk.notices.actions.deciding import (
    accept_plan,
    grant_extension,
    refuse_extension,
    reject_plan,
    rule,
)
from helpdesk.notices.actions.issuing import (
    approve,
    draft,
    draft_all,
    edit,
    issue,
    issue_all,
    issue_at_once,
    withdraw,
)
from helpdesk.notices.actions.step import is_visible, legal_moves, require_right, stand_of
from helpdesk.notices.clock import is_overdue, limit_of, overdue
from helpdesk.notices.similar import similar_since
