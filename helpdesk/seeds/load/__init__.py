"""Bulk data for load tests: very many invented tickets that keep every rule of the real ones.

arrivals.py   when they come in           writing.py   what is said, talk.py in which order
lives.py      what becomes of each        promises.py  the response tables that follow from it
rows.py       one life as table rows      columns.py   which columns those have
people.py     who asks and who works      events.py    the journal, in the order of time
articles.py   what is known               bulk.py      fast writing on both databases
"""

from helpdesk.seeds.load.run import LOAD_PASSWORD, LoadReport, seed_load
