"""Socket.IO without the buses and clients that it loads beside itself where they are installed."""

import sys

SPARED = {"redis", "requests"} - sys.modules.keys()  # 10 MB that we don't use by this way
sys.modules.update(dict.fromkeys(SPARED))  # type: ignore[arg-type]  # None: can't be imported

from flask_socketio import SocketIO  # noqa: E402
from socketio.packet import EVENT, Packet  # noqa: E402

for each in SPARED:
    del sys.modules[each]

__all__ = ["EVENT", "Packet", "SocketIO"]
