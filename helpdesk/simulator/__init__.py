"""What would have been: past cases under another policy, calendar or set of routing rules.

replay.py   one promise under another limit and calendar. Pure
facts.py    what the journal and the response table say of past cases
compare.py  one case under another set-up: what differs
plans.py    the set-up that is tried: policy rows, calendars, rules
work.py     a simulation as a row: begun, worked off in the background, read
"""
