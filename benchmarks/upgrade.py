"""An older edition's database brought to this one: `python -m benchmarks.upgrade COMMIT [--tickets 5000]`.

Takes that commit's tree out of the repository, lets it fill a database through its own doors, upgrades the
database with this tree, and compares every row. Prints how long each part took, rows before and after, lost
and doubled ones, and what the doctor says; fails when a row is lost, doubled or changed, or the doctor finds
anything. `--keep FILE` writes the older edition's databases into an archive instead.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks import sites
from benchmarks.upgrading import keeping, meanings
from benchmarks.upgrading.editions import KEY, Edition, count, edition, url_of
from tests.help import servers

SHOWN = 3  # examples of rows that differ


def main() -> int:
    """Fill, upgrade, compare; 1 when anything is lost, doubled or broken."""
    asked = _arguments()
    with ExitStack() as stack:
        try:
            old = stack.enter_context(edition(asked.commit))
        except LookupError as unknown:
            print(unknown)
            return 2
        if asked.keep:
            return _keep(old, asked, stack)
        names = ("sqlite", "postgresql") if asked.database == "both" else (asked.database,)
        return max(_upgrade(old, asked, name, stack) for name in names)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("commit", help="of this repository, whose tree fills the database")
    parser.add_argument("--tickets", type=int, default=5000)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--keep", type=Path, help="write both databases here; nothing is upgraded")
    return parser.parse_args()


def _environ(name: str, stack: ExitStack) -> dict[str, str]:
    """A private, empty installation on this database."""
    more = {"SECRET_KEY": KEY}
    if name == "postgresql":
        server = stack.enter_context(servers.postgresql())
        more["DATABASE_URL"] = stack.enter_context(sites.database(server))
    return servers.environment(stack.enter_context(sites.folder()), **more)


def _keep(old: Edition, asked: argparse.Namespace, stack: ExitStack) -> int:
    environs = {name: _environ(name, stack) for name in ("sqlite", "postgresql")}
    for environ in environs.values():
        old.fill(asked.tickets, environ)
    keeping.keep(environs, asked.keep)
    print(f"{asked.keep}: {count(environs['sqlite'])} tickets of {asked.commit} on each database,"
          f" {asked.keep.stat().st_size / 1000:,.0f} kB")  # fmt: skip
    return 0


def _upgrade(old: Edition, asked: argparse.Namespace, name: str, stack: ExitStack) -> int:
    environ = _environ(name, stack)
    print(f"\n{name}, from {asked.commit}")
    with _timed("that edition fills it"):
        old.fill(asked.tickets, environ)
    before = meanings.read(url_of(environ))
    with _timed("flask db upgrade"):
        _flask("db", "upgrade", environ=environ)
    after = meanings.read(url_of(environ))
    bad = _compared(before, after)
    with _timed("flask prepare"):
        _flask("prepare", environ=environ)
    with _timed("what fell due is done"):
        _flask("alarms", "--once", environ=environ)
    doctor = servers.flask("doctor", environ=environ)
    found = [line for line in doctor.stdout.splitlines() if line.startswith(("BROKEN", "note"))]
    print("\n".join([*found, doctor.stdout.strip().splitlines()[-1]]))
    return int(bad or doctor.returncode != 0)


def _flask(*arguments: str, environ: dict[str, str]) -> None:
    done = servers.flask(*arguments, environ=environ)
    if done.returncode:
        raise RuntimeError(f"flask {' '.join(arguments)}: {done.stdout}{done.stderr}")


@contextmanager
def _timed(what: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    print(f"{what:<28}{time.perf_counter() - began:>8.1f} s", flush=True)


def _compared(before: meanings.Everything, after: meanings.Everything) -> bool:
    """Print the balance; whether anything is wrong."""
    all_of_it = meanings.balances(before, after)
    print(
        f"migrations {before.revision} to {after.revision}\n{'':<28}{'before':>8}{'after':>8}{'lost':>6}{'new':>6}"
    )
    for one in all_of_it:
        if one.before or not one.kept:
            print(
                f"{one.subject:<28}{one.before:>8,}{one.after:>8,}{len(one.lost):>6}{len(one.new):>6}"
            )
        for row in [f"lost {row}" for row in one.lost[:SHOWN]] + [
            f"new {row}" for row in one.new[:SHOWN]
        ]:
            print(f"    {row}")
    rows = sum(len(kept) for kept in before.tables.values())
    print(f"{rows:,} rows in {len(before.tables)} tables: lost {sum(len(one.lost) for one in all_of_it)},"
          f" doubled or changed {sum(len(one.new) for one in all_of_it)}")  # fmt: skip
    return not all(one.kept for one in all_of_it)


if __name__ == "__main__":
    sys.exit(main())
