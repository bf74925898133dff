"""The blueprints of the desk: every page and verb of queue, tickets, phone form and customers."""

from helpdesk.desk.pages import (
    bulk,
    canned,
    customers,
    files,
    identity,
    moves,
    news,
    phone,
    queue,
    ticket,
    ticket_lists,
)

BLUEPRINTS = (
    bulk.pages,
    canned.pages,
    customers.pages,
    files.pages,
    identity.pages,
    ticket_lists.pages,
    moves.pages,
    news.pages,
    phone.pages,
    queue.pages,
    ticket.pages,
)
