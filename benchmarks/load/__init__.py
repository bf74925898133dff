"""Bulk data for load tests: very many invented tickets that keep every rule of the real ones.

run.py        arrivals, and all of it     writing.py   what is said, talk.py in which order
lives.py      what becomes of each        promises.py  the response tables that follow from it
rows.py       one life as table rows      events.py    the journal, in the order of time
people.py     who asks and who works      bulk.py      fast writing on both databases
articles.py   what is known               cli.py       `flask seed load`
"""
