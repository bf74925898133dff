"""The documented JSON API under /api/v1: a thin adapter over the same verbs as every page.

auth.py        bearer tokens, their scopes and pace
operations.py  every call, declared once: what it takes is checked, what it answers described
fields.py      one value: what is read from it, and how the description draws it
inputs.py      bodies and parameters       answers.py  what comes back
read.py        the JSON body of a request  shapes.py   tickets, promises, events -> JSON
tickets.py     the ticket's resources      meta.py     lists of choices
calls.py       the telephone's events, and calls; call_advice.py: what dialplans ask
document.py    the OpenAPI description and its page
"""
