"""The blueprints of the desk: every page and verb of queue, tickets, phone form and customers."""

from helpdesk.desk.pages import (
    bulk,
    customers,
    moves,
    phone,
    queue,
    ticket,
    ticket_lists,
)

BLUEPRINTS = (
    bulk.blueprint,
    customers.blueprint,
    ticket_lists.blueprint,
    moves.blueprint,
    phone.blueprint,
    queue.blueprint,
    ticket.blueprint,
)
