"""How many agents the queues need, by the half hour.

erlang.py    the formulas. Pure             expected.py  what the same weekdays let expect
plan.py      a day, and what if             pages.py     /calls/staffing
"""
