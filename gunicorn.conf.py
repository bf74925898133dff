"""How gunicorn serves Helpdesk: HELPDESK_ROLE picks the shape, the command line overrules it.

all    one process with threads does everything (the embedded default)
web    pages and API; no sockets, no loops
live   the sockets of live pages, on gevent

This file must not import helpdesk at its top: a gevent worker patches the standard library first.
(helpdesk.web.serving, which has the workers, knows nothing of the program.)
"""

import gc
import os
import resource
import threading
from pathlib import Path

from dotenv import load_dotenv

ROOT = Path(__file__).parent
load_dotenv(ROOT / ".env")
role = os.environ.get("HELPDESK_ROLE") or "all"
_host = os.environ.get("HELPDESK_HOST") or "127.0.0.1"
_port = os.environ.get("HELPDESK_PORT") or "5000"

wsgi_app = "wsgi:app"
chdir = str(ROOT)
bind = f"[{_host}]:{_port}" if ":" in _host else f"{_host}:{_port}"
proc_name = f"helpdesk-{role}"
worker_class = (
    f"helpdesk.web.serving.{'greenlets.Greenlets' if role == 'live' else 'threads.Threads'}"
)
workers = max(2, os.cpu_count() or 2) if role == "web" else 1
preload_app = role == "web"  # its workers share the memory of a program that was loaded once
# Each connection is an open file: take as many as this machine gives.
_hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
FILES = 65_536 if _hard == resource.RLIM_INFINITY else min(_hard, 65_536)
resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, _hard))
LIVE_PAGES = 1000  # open pages of a live process
threads = 8 if role == "web" else 196  # 160 open pages of the embedded server, each holds one
worker_connections = max(min(4000, FILES - 500), 100)  # the rest is for database, files, loops
keepalive = 15
graceful_timeout = 5
timeout = 120
control_socket_disable = True
forwarded_allow_ips = "127.0.0.1,::1"
errorlog = "-"
loglevel = "warning" if role == "all" else "info"
_running = []


def _bears(cfg):
    """How many open pages (websockets) such a process bears."""
    from helpdesk.web.serving.threads import bears  # not at the top: see above

    return LIVE_PAGES if role == "live" else bears(cfg.threads)


def when_ready(server):
    """Say where it is, when somebody looks at the terminal; what is loaded stays in shared memory."""
    if preload_app:
        from helpdesk.ops import processes  # not at the top: see above

        processes.ready_to_fork(server.app.wsgi())
    gc.collect()
    gc.freeze()  # a collection in a worker would write to every page of it
    server.log.warning("Helpdesk answers on http://%s", bind)
    if role != "web":
        server.log.warning(
            "It bears about %d open pages; the rest reload slowly.", _bears(server.cfg)
        )


def post_worker_init(worker):
    """Start this process's loops, after the fork and in its own kind of thread."""
    from helpdesk import wiring  # not at the top: see above

    _running.append(wiring.begin(worker.wsgi, threading.Event(), _bears(worker.cfg)))


def worker_exit(_server, _worker):
    """Let the loops finish their round."""
    while _running:
        _running.pop().end()


def child_exit(_server, worker):
    """Forget the gauges of a worker that is gone, when workers share their metrics."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        from prometheus_client import multiprocess  # only where it is asked for

        multiprocess.mark_process_dead(worker.pid)
