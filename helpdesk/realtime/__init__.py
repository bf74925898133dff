"""Live pages over Socket.IO. The journal is the bus: each live process reads it by number and tells
the sockets that it holds, so a lost wake-up costs at most a second, never an event.

    door.py      who gets a websocket at all: signed in, from our own page, within the limits
    rooms.py     who may hear a topic, and with whom
    sockets.py   watch, after, presence: what a browser may ask, with the session looked at each time
    changes.py   journal rows -> what a topic's watchers are told, rendered once per room
    library.py   Socket.IO itself, as little of it as we need
    frames.py    a message as the bytes that a browser gets, made once for all who get it
    people.py    who looks at or types on a ticket: a heartbeat that expires
    tail.py      the loop: read the journal, push, rest; re-check sessions and rights
"""

from helpdesk.realtime.door import door
from helpdesk.realtime.sockets import socketio
from helpdesk.realtime.tail import init, start_tail, tell
