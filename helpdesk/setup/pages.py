"""The pages on which administrators set how cases are handled: each adds itself to the blueprint."""

from helpdesk.setup.blueprint import blueprint
from helpdesk.setup.calendars import edits
from helpdesk.setup.calendars import pages as calendars
from helpdesk.setup.categories import pages as categories
from helpdesk.setup.options import pages as options
from helpdesk.setup.promises import chain_pages
from helpdesk.setup.promises import pages as promises
from helpdesk.setup.replies import pages as replies
from helpdesk.setup.rules import pages as rules

PAGES = (edits, calendars, categories, options, chain_pages, promises, replies, rules)

__all__ = ["PAGES", "blueprint"]
