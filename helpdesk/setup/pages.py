"""The pages on which administrators set how cases are handled."""

from helpdesk.setup.blueprint import blueprint
from helpdesk.setup.calendars import pages as calendars
from helpdesk.setup.categories import pages as categories
from helpdesk.setup.options import pages as options
from helpdesk.setup.promises import pages as promises
from helpdesk.setup.replies import pages as replies
from helpdesk.setup.rules import pages as routes
from helpdesk.simulator import pages as simulator

__all__ = [
    "blueprint",
    "calendar_edits",
    "calendars",
    "categories",
    "chains",
    "options",
    "promises",
    "replies",
    "routes",
    "simulator",
]
