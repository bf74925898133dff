"""The telephone: calls, their stays in queues, who rang and who talked. What a provider says is kept as
it came (rows of CallEvent); all else is folded from that, so the order in which it came does not count.

words.py     events, states            fields.py    one event, checked; agents.py whom it names
models.py    the tables (exchange_models.py of the systems, terms_models.py of codes and blocked
callers)    folded.py    their rows as plain values
lifecycle.py events -> what is folded  taking_in.py the one door for events
cases.py     a call becomes a case: opening.py a new one, missed.py for who waited in vain
filling.py   the form fills that case  wrapping.py  a call is written up, by code_tree.py
recordings/  their files are fetched, heard and deleted   judging.py low scores are read
blocking.py  whose calls make no case    blocked_pages.py their list
queries.py   who may see which call    figures.py   what a queue did, counted from its stays (stays.py)
exchange.py  who speaks for a telephone system      commands.py what it is asked to do
registry.py  which telephone systems there are, and what each can do
attending.py what a colleague's telephone shows, and what follows   telephones.py of all of them, for the wall
terms.py     queues and telephones, as administrators keep them: admin_pages.py
pages.py     /calls: lists.py its lines, telling.py the course of one call, reports.py tables
staffing/    how many agents the queues need
"""
