"""The blueprints of the desk: every page and verb of queue, tickets, phone form and customers."""

from helpdesk.tickets import (
    views_bulk,
    views_canned,
    views_customers,
    views_files,
    views_identity,
    views_list,
    views_moves,
    views_news,
    views_phone,
    views_queue,
    views_ticket,
)

BLUEPRINTS = (
    views_bulk.pages,
    views_canned.pages,
    views_customers.pages,
    views_files.pages,
    views_identity.pages,
    views_list.pages,
    views_moves.pages,
    views_news.pages,
    views_phone.pages,
    views_queue.pages,
    views_ticket.pages,
)
