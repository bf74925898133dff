"""Memory at rest, in MB: the proportional share (PSS) of all processes of each profile, without
PostgreSQL and Redis. `python -m benchmarks.memory`.

Scaled out on one machine: web with two workers, worker, timers, fetching of mail, and live; each
started by itself, and all but live forked from one program (`bin/process web background`).
"""

from __future__ import annotations

import sys
import time
import urllib.request
from contextlib import ExitStack

from benchmarks import sites
from tests.help import servers

APART = ("worker", "alarms", "fetch")
REST = 15  # seconds: every loop has gone round
PAGES = 20  # asked before, so that the workers have drawn something


def main() -> None:
    """One line for each profile, and one for each of its processes."""
    _show("embedded", [["bin/run"]], {})
    with ExitStack() as stack:
        server = stack.enter_context(sites.safe_postgresql())
        common = {"REDIS_URL": stack.enter_context(sites.redis()), "ROLE": "web"}
        process = ["bin/process"]
        live = ["env", f"HELPDESK_PORT={servers.free_port()}", *process, "live"]
        apart = [[*process, each] for each in ("web", *APART)]
        for name, commands in {
            "scaled out, each by itself": [*apart, live],
            "scaled out, forked together": [[*process, "web", "background"], live],
        }.items():
            with sites.database(server) as url:
                _show(name, commands, common | {"DATABASE_URL": url})


def _show(name: str, commands: list[list[str]], more: dict[str, str]) -> None:
    with sites.folder() as place:
        environ = servers.environment(place, SECRET_KEY="k" * 40, **more)
        sites.prepare(environ)
        with sites.running(name, environ, commands, place) as site:
            for _ in range(PAGES):
                urllib.request.urlopen(f"{site.url}/new", timeout=20).read()
            time.sleep(REST)
            print(f"{name}: {site.memory():.0f} MB", flush=True)
            for command, process in zip(commands, site.processes, strict=True):
                parts = [sites.pss(pid) / 1024 for pid in sites.family(process.pid)]
                print(
                    f"    {' '.join(command[-5:])}: {' + '.join(f'{each:.0f}' for each in parts)}"
                )


if __name__ == "__main__":
    sys.exit(main())
