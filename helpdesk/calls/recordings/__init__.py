"""Recordings of calls: a job fetches them, who may hear them is asked in calls.queries.

fetching.py   the bytes, from an allowed host or the spool folder of an exchange on this machine
keeping.py    the job: when to fetch, whether it may be kept, tries, and the end of keeping
hearing.py    what people do with one: hear it (each time is noted), delete it, have it fetched again
showing.py    how one stands on the page of its call and of its case
"""
