"""Telephone systems: adapters only. What they say becomes events of helpdesk.calls; nothing of a call
is decided here.

registry.py   which systems there are, and what each can do
webhooks.py   a provider that speaks by signed hooks; the door for them
"""
