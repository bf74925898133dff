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
    bulk.blueprint,
    canned.blueprint,
    customers.blueprint,
    files.blueprint,
    identity.blueprint,
    ticket_lists.blueprint,
    moves.blueprint,
    news.blueprint,
    phone.blueprint,
    queue.blueprint,
    ticket.blueprint,
)
