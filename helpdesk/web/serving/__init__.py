"""How requests come in: a thread of the server is taken only once a whole request is there.

Whoever connects and then says nothing, or says it slowly, or does not take the answer, costs one
connection and nothing else: it waits in the server's event loop, with a deadline, and is the first to
be cut when too many wait. Nothing here knows the program; gunicorn.conf.py names the two workers.

    arrival.py    one request as its bytes come in: when it is whole, by when more must come
    crowd.py      those who wait: how many, how many from one address, who has to go
    wire.py       a socket as gunicorn's responses see it
    outlet.py     what a client does not take at once of an answer
    post.py       what is written to a websocket, by whoever has something to tell
    threads.py    gunicorn's threads (pages, the embedded server)
    greenlets.py  gunicorn's greenlets (live processes)
"""
