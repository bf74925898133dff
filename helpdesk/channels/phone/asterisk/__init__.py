"""The connector to an Asterisk: one process beside the pages (`flask phone connect`).

ami.py        the manager's protocol: lines of text        translating.py  its events -> ours. Pure
reading.py    how it writes names, numbers and times. Pure tracking.py     its channels -> calls. Pure
                                                           dialplan.py     its own words -> ours. Pure
holdings.py   what our tables hold of it
snapshot.py   what the exchange holds now -> our events    queue_log.py    what happened in a gap
carrying.py   commands -> the manager's actions            members.py      who sits in which queue
connector.py  the process: lease, reconnecting, taking in
"""
