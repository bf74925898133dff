"""Who may come upon which secret, by any door: one table, and every door of the program is tried.

The addresses come from the program's own map, the topics of the sockets from their kinds, the letters
from the outbox; so a new door is in the matrix on the day it is added.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

import pytest
from werkzeug.routing import Map, Rule

from helpdesk.api import shapes
from helpdesk.core import kept
from helpdesk.realtime import changes, socketio
from helpdesk.tickets import sight
from tests.help.sampled import few
from tests.help.secrecy import doors
from tests.help.secrecy.world import World, found

# A row: reader, then a sign for each secret in this order. x: some door shows it; . : no door does.
# "api" is a token of that role. The handler's department leads own and sealed, assisting helps in
# sealed; elsewhere is another department.
SECRETS = """own name, own address, own note, own code, own link, remark, sealed name, sealed address, sealed words,
    sealed note, sealed code, foreign, at the desk, draft, kb inside, kb unfinished, held mail, totp, sound"""
TABLE = """
    nobody          . . . . .  .  . . . . .  . . .  . .  . .  .
    customer        x . . x .  .  . . . . .  . . .  . .  . .  .
    agent           x x x . .  x  x x x x .  x x x  x x  x .  x
    handler         x x x . .  x  . . x x .  . . .  x x  . .  .
    lead            x x x . .  x  . . x x .  . . .  x x  . .  .
    elsewhere       . . . . .  .  . . . . .  x . .  x x  . .  .
    assisting       . . . . .  .  . . x x .  . . .  x x  . .  .
    supervisor      x x x . .  x  x x x x .  x x x  x x  x .  x
    admin           x x x . .  x  x x x x .  x x x  x x  x .  x
    auditor         x x x . .  x  x x x x .  x x x  x x  . .  .
    api agent       x x x . .  .  x x x x .  x x x  . .  . .  .
    api handler     x x x . .  .  . . x x .  . . .  . .  . .  .
    api lead        x x x . .  .  . . x x .  . . .  . .  . .  .
    api elsewhere   . . . . .  .  . . . . .  x . .  . .  . .  .
    api assisting   . . . . .  .  . . x x .  . . .  . .  . .  .
    api supervisor  x x x . .  .  x x x x .  x x x  . .  . .  .
    api admin       x x x . .  .  x x x x .  x x x  . .  . .  .
    api auditor     x x x . .  .  x x x x .  x x x  . .  . .  .
"""
Said = Iterable[tuple[str, int, str]]
# No example that opens: made by steps of another kind, or once in the life of a link.
NEVER_OPENED = {
    "/confirm/<number>/<code>",
    "/admin/mailboxes/consent",
    "/admin/mailboxes/<int:box_id>/consent",
    "/admin/simulator/<int:simulation_id>",
    "/admin/simulator/<int:simulation_id>/cases",
    "/admin/simulator/<int:simulation_id>/cases.csv",
    "/admin/calendars/<code>/progress",
    "/first-start",
    "/invitation/<secret>",
    "/metrics",
    "/phone/line",
    "/phone/softphone",
    "/readyz",
    "/notices/<reference>/files/<int:file_id>",
    "/sign-in",
    "/sign-in/code",
    "/track/<number>/<code>",
    "/track/<number>/files/<key>",
    "/unsubscribe/<token>",
}
asked: set[str] = set()  # the readers whose row was tried in this run
opened: set[str] = set()  # the rules that answered 200 to somebody


def rows() -> Iterator[tuple[str, frozenset[str]]]:
    """Each reader with what they may see."""
    names = [name.strip() for name in SECRETS.replace("\n", " ").split(",")]
    for line in TABLE.strip().splitlines():
        words = line.split()
        signs, who = words[-len(names) :], " ".join(words[: -len(names)])
        yield who, frozenset(n for n, sign in zip(names, signs, strict=True) if sign == "x")


# The quick run asks the administrator for these three: their rows are his, but for held mail.
AS_ADMIN = ("agent", "supervisor", "auditor")
READERS = few((who for who, _may in rows()), *(who for who, _may in rows() if who not in AS_ADMIN))


def everything(world: World, who: str) -> Said:
    """All that the doors say to a reader."""
    if who.startswith("api "):
        caller = who.removeprefix("api ")
        return chain(doors.calls(world, caller), doors.refusals(world, caller, api=True))
    if who not in world.people:
        return doors.pages(world, who)
    tried = doors.pages(world, who), doors.sockets(world, who), doors.letters(world, who)
    return chain(*tried, doors.refusals(world, who, api=False))


def seen(said: Said, world: World) -> dict[str, set[str]]:
    """The secrets that stood somewhere, each with the doors that said it."""
    where: dict[str, set[str]] = defaultdict(set)
    for door, status, text in said:
        if status == 200:
            opened.add(door)
        for secret in found(text, world):
            where[secret].add(door)
    return where


@pytest.mark.parametrize("who", READERS)
def test_each_reader_comes_upon_exactly_what_the_table_says(world: World, who: str) -> None:
    may = dict(rows())[who]
    where = seen(everything(world, who), world)
    asked.add(who)
    assert {name: sorted(where[name]) for name in where if name not in may} == {}
    assert may - set(where) == set()


def test_every_address_that_is_read_was_opened_by_somebody(world: World) -> None:
    """An example that nobody can open shows nothing: it must be a real one (after the readers above)."""
    rules = {rule.rule for api in (True, False) for rule in doors.readable(world.app, api)}
    if not {who for who, _may in rows()} - {*AS_ADMIN} <= asked:
        pytest.skip("not every reader was asked in this run")
    assert rules - opened - NEVER_OPENED == set()
    assert rules >= NEVER_OPENED


def test_a_column_for_every_secret_and_a_row_for_every_reader(world: World) -> None:
    readers = [who for who, _may in rows()]
    people = list(world.people)
    assert readers == ["nobody", "customer", *people, *(f"api {who}" for who in people)]
    assert [name.strip() for name in SECRETS.replace("\n", " ").split(",")] == list(world.markers)


def test_an_address_whose_parts_have_no_example_is_a_failure(world: World) -> None:
    rule = Rule("/tickets/<number>/whispers/<int:whisper_id>", endpoint="x")
    Map([rule])
    with pytest.raises(doors.NoExample):
        list(doors.addresses(rule, world))


def test_every_word_that_a_socket_may_say_is_in_the_matrix() -> None:
    handlers = {name for name, _function, _namespace in socketio.handlers}
    handlers |= set(getattr(socketio.server, "handlers", {}).get("/", {}))
    assert handlers and handlers <= doors.HEARD


Leak = Callable[[pytest.MonkeyPatch, World], None]


def _page(patch: pytest.MonkeyPatch, world: World) -> None:
    patch.setitem(world.app.view_functions, "customers.index", lambda: "Quillon Sealedname")


def _call(patch: pytest.MonkeyPatch, world: World) -> None:
    patch.setattr(shapes, "person", lambda row, *_asked: {"name": row.person.name})


def _socket(patch: pytest.MonkeyPatch, world: World) -> None:
    patch.setattr(changes.ticket_rows.sight, "sees", lambda *_asked: True)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("leak", "who", "door"),
    [
        (_page, "handler", "/customers"),
        (_call, "api handler", "/api/v1/tickets/<number>"),
        (_socket, "handler", "push change"),
    ],
)
def test_a_leak_that_is_put_in_is_found(world: World, leak: Leak, who: str, door: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        leak(patch, world)
        kept.forget()  # what was drawn before has no leak
        where = seen(everything(world, who), world)
    kept.forget()
    assert door in where["sealed name"]


def test_the_fields_of_sight_are_all_among_the_columns() -> None:
    """Name, address, words stand for themselves; person, others and source are tied to them."""
    assert set(sight.Field) == {"words", "name", "address", "person", "others", "source"}


def test_the_department_of_a_sealed_case_is_written_to_without_a_name(world: World) -> None:
    """Letters are among the doors: there are some, and the table above holds for them too."""
    letters = list(doors.letters(world, "lead"))
    number = world.tickets["sealed"].number
    assert any(number in text for _door, _status, text in letters)
    assert not any("sealed name" in found(text, world) for _door, _status, text in letters)
