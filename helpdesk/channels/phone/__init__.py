"""Telephone systems: adapters only. What they say becomes events of helpdesk.calls; nothing of a call
is decided here.

webhooks.py   a provider that speaks by signed hooks; the door for them
asterisk/     an Asterisk               simulated/    an exchange to try everything with
cli.py        the commands             spying.py     listening to a talk, noted; its button: pages.py
"""
