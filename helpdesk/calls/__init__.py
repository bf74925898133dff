"""The telephone: calls, their stays in queues, who rang and who talked. What a provider says is kept as
it came (rows of CallEvent); all else is folded from that, so the order in which it came does not count.

words.py     events, states            fields.py    one event, checked
models.py    the tables                lifecycle.py events -> what stands in the tables. Pure
taking_in.py the one door for events   queries.py   lists; who may see which call
cases.py     a call becomes a case     figures.py   what a queue did, counted from its stays
"""
