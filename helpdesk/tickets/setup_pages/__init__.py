"""The pages on which administrators set how cases are handled."""

from helpdesk.tickets.setup_pages import (  # each adds its pages to the blueprint
    calendar_edits,
    calendars,
    categories,
    chains,
    options,
    promises,
    replies,
    routes,
    simulator,
)
from helpdesk.tickets.setup_pages.blueprint import blueprint

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
