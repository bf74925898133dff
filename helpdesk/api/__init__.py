"""The documented JSON API under /api/v1: a thin adapter over the same verbs as every page.

auth.py      bearer tokens
read.py      JSON bodies -> Intake and values, with a sentence for every wrong field
shapes.py    tickets, promises, events -> JSON
tickets.py   the ticket's resources      meta.py   lists of choices
document.py  the OpenAPI description and its page
"""
