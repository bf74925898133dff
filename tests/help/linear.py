"""Reads a regular expression as an automaton and tells how a hostile text could make it slow.

A backtracking matcher is slow where one text can be read in many ways: exponentially where a loop
can read the same piece in two ways, by a power of the length where two loops that follow each
other can read the same piece. A search that begins anew at every character counts as such a loop.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from re import _constants as code  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

SEARCHING = {"search", "sub", "subn", "split", "findall", "finditer", "scanner"}
SAMPLES = "aZsx09_ \n\t-.@,'\"()<>中é٣\u00a0\u200b\x00"
MANY = 10  # a bounded repeat of more is a loop to whoever looks for exponential cost
Set = Callable[[str], bool]
State = tuple[Any, ...]
Item = tuple[object, object]
Step = Callable[[State, str], Iterator[State]]
CATEGORIES: dict[object, str] = {
    code.CATEGORY_DIGIT: r"\d",
    code.CATEGORY_NOT_DIGIT: r"\D",
    code.CATEGORY_SPACE: r"\s",
    code.CATEGORY_NOT_SPACE: r"\S",
    code.CATEGORY_WORD: r"\w",
    code.CATEGORY_NOT_WORD: r"\W",
}


@dataclass
class Node:
    """A place in the automaton: it reads one character of `reads`, or passes on for nothing."""

    reads: Set | None = None
    to: list[tuple[int, bool]] = field(default_factory=list)  # (node, only under a condition)


class Automaton:
    """The pattern's places; `loops(bound)` says which repeats are drawn as loops."""

    def __init__(self, pattern: str, flags: int, most: int) -> None:
        self.nodes: list[Node] = []
        self.literals: set[str] = set(SAMPLES)
        self.flags, self.most = flags, most
        tree = parser.parse(pattern, flags)
        self.flags |= tree.state.flags
        self.end = self._new()
        self.start = self._sequence(list(tree), self.end)
        first = tree[0] if len(tree) else None
        self.anchored = first == (code.AT, code.AT_BEGINNING) and not self.flags & re.MULTILINE

    def _new(self, reads: Set | None = None, to: Iterable[int] = ()) -> int:
        self.nodes.append(Node(reads, [(each, False) for each in to]))
        return len(self.nodes) - 1

    def _sequence(self, items: list[Item], after: int) -> int:
        for operation, argument in reversed(items):
            after = self._item(operation, argument, after)
        return after

    def _item(self, operation: object, argument: object, after: int) -> int:
        if operation in (code.MAX_REPEAT, code.MIN_REPEAT, code.POSSESSIVE_REPEAT):
            return self._repeat(tuple(argument), after)  # type: ignore[arg-type]
        if operation is code.SUBPATTERN:
            return self._sequence(list(argument[3]), after)  # type: ignore[index]
        if operation is code.ATOMIC_GROUP:
            return self._sequence(list(argument), after)  # type: ignore[call-overload]
        if operation is code.BRANCH:
            return self._new(to=[self._sequence(list(way), after) for way in argument[1]])  # type: ignore[index]
        if operation in (code.ASSERT, code.ASSERT_NOT):
            return self._look(list(argument[1]), after)  # type: ignore[index]
        if operation is code.AT:
            return self._condition(after)
        if operation in (code.GROUPREF, code.GROUPREF_EXISTS):
            raise ValueError("a pattern that refers back is never known to be linear")
        return self._new(self._set(operation, argument), [after])

    def _condition(self, after: int) -> int:
        node = self._new()
        self.nodes[node].to.append((after, True))
        return node

    def _look(self, body: list[Item], after: int) -> int:
        """What is looked at is read on a way that ends there."""
        node = self._condition(after)
        self.nodes[node].to.append((self._sequence(body, self._new()), True))
        return node

    def _repeat(self, given: tuple[int, int, Iterable[Item]], after: int) -> int:
        least, most, body = given
        items = list(body)
        if most is code.MAXREPEAT or most >= self.most:
            again = self._new(to=[after])
            inside = self._sequence(items, again)
            self.nodes[again].to.insert(0, (inside, False))
            return inside if least else again
        for copy in range(min(int(most), 2)):
            needed = copy >= min(int(most), 2) - min(least, 2)
            inside = self._sequence(items, after)
            after = inside if needed else self._new(to=[inside, after])
        return after

    def _set(self, operation: object, argument: object) -> Set:
        found = self._plain_set(operation, argument)
        if not self.flags & re.IGNORECASE:
            return found
        return lambda c: found(c) or found(c.lower()) or found(c.upper())

    def _plain_set(self, operation: object, argument: object) -> Set:
        if operation is code.ANY:
            return lambda c: bool(self.flags & re.DOTALL) or c != "\n"
        if operation in (code.LITERAL, code.NOT_LITERAL):
            self._note(argument)  # type: ignore[arg-type]
            return lambda c: (ord(c) == argument) == (operation is code.LITERAL)
        if operation is code.RANGE:
            return self._range(*argument)  # type: ignore[misc]
        if operation is code.CATEGORY:
            known = re.compile(CATEGORIES[argument], self.flags & re.ASCII)
            return lambda c: known.match(c) is not None
        assert operation is code.IN, operation
        items = list(argument)  # type: ignore[call-overload]
        negated = items[0][0] is code.NEGATE
        single = {chr(of) for kind, of in items if kind is code.LITERAL}
        self._note(*map(ord, single))
        rest = [item for item in items[negated:] if item[0] is not code.LITERAL]
        sets = [self._plain_set(*item) for item in rest]
        return lambda c: (c in single or any(each(c) for each in sets)) != negated

    def _range(self, low: int, high: int) -> Set:
        self._note(low, high)
        return lambda c: low <= ord(c) <= high

    def _note(self, *points: int) -> None:
        for point in points:
            near = (point - 1, point, point + 1)
            self.literals |= {chr(each) for each in near if 0 <= each < 0x110000}

    @cached_property
    def letters(self) -> list[str]:
        """One character for each kind that the pattern can tell apart."""
        readers = [node.reads for node in self.nodes if node.reads]
        kinds = {tuple(bool(reads(c)) for reads in readers): c for c in sorted(self.literals)}
        return list(kinds.values())

    def reached(self, node: int) -> dict[int, int]:
        """The reading places that follow for nothing, and in how many ways (2: more than one)."""
        found: dict[int, int] = {}
        waiting = [(node, frozenset([node]))]
        while waiting:
            here, seen = waiting.pop()
            if self.nodes[here].reads:
                found[here] = min(found.get(here, 0) + 1, 2)
                continue
            waiting += [(to, seen | {to}) for to, _if in self.nodes[here].to if to not in seen]
        return found

    def may_end(self, node: int) -> bool:
        """Whether the match may be complete here, whatever follows."""
        seen, waiting = {node}, [node]
        while waiting:
            here = waiting.pop()
            if here == self.end:
                return True
            if self.nodes[here].reads is None:
                new = {to for to, condition in self.nodes[here].to if not condition} - seen
                seen |= new
                waiting += new
        return False


class Reading:
    """Steps between the places of an automaton, with a place of its own for a search's beginning."""

    ANEW = -1

    def __init__(self, automaton: Automaton, how: str) -> None:
        self.automaton, self.how = automaton, how
        self.searches = how in SEARCHING and not automaton.anchored
        after = {
            n: automaton.nodes[n].to[0][0] for n, node in enumerate(automaton.nodes) if node.reads
        }
        self.next = {n: automaton.reached(to) for n, to in after.items()}
        self.first = automaton.reached(automaton.start)
        whole = how == "fullmatch"
        self.ends = set() if whole else {n for n, to in after.items() if automaton.may_end(to)}
        self.letters = automaton.letters
        self.reads = {
            (n, c): bool(node.reads(c))
            for n, node in enumerate(automaton.nodes)
            if node.reads
            for c in self.letters
        }

    def step(self, place: int, letter: str) -> Iterator[tuple[int, int]]:
        """Where one may be after this letter, and in how many ways."""
        if place == self.ANEW:
            yield self.ANEW, 1
        follow = self.first if place == self.ANEW else self.next[place]
        for to, ways in follow.items():
            if self.reads[to, letter]:
                yield to, ways

    def steps(self, places: frozenset[int], letter: str) -> frozenset[int]:
        return frozenset(to for place in places for to, _ways in self.step(place, letter))

    @cached_property
    def looping(self) -> list[int]:
        """The places that one can come back to."""
        return [n for n in self.next if self._returns(n)]

    def _returns(self, place: int) -> bool:
        seen: set[int] = set()
        waiting = list(self.next[place])
        while waiting:
            here = waiting.pop()
            if here == place:
                return True
            if here not in seen:
                seen.add(here)
                waiting += self.next[here]
        return False

    def doubled(self, place: int) -> str:
        """A piece that a loop through this place reads in two ways, without an end being possible."""
        start = (place, place, False, frozenset([place]))
        return self._found(start, self._both, lambda at: at[:3] == (place, place, True))

    def _both(self, at: State, letter: str) -> Iterator[State]:
        one, other, apart, all_of = at
        after = self.steps(all_of, letter)
        if after & self.ends:
            return
        for a, ways in self.step(one, letter):
            for b, _ways in self.step(other, letter):
                yield a, b, apart or a != b or (one == other and ways > 1), after

    def repeated(self, one: int, two: int) -> str:
        """A piece that both loops read, and that leads from the first into the second."""
        start = (one, one, two, frozenset([two]))
        return self._found(start, self._three, lambda at: at[:3] == (one, two, two))

    def _three(self, at: State, letter: str) -> Iterator[State]:
        a, b, c, all_of = at
        after = self.steps(all_of, letter)
        if after & self.ends:
            return
        for x, _x in self.step(a, letter):
            for y, _y in self.step(b, letter):
                for z, _z in self.step(c, letter):
                    yield x, y, z, after

    def _found(self, start: State, step: Step, done: Callable[[State], bool]) -> str:
        seen, waiting = {start}, deque([(start, "")])
        while waiting:
            at, read = waiting.popleft()
            for letter in self.letters:
                for after in step(at, letter):
                    if done(after):
                        return read + letter
                    if after not in seen:
                        seen.add(after)
                        waiting.append((after, read + letter))
        return ""


def trouble(pattern: str | bytes, flags: int, how: str) -> str:
    """What makes the pattern slow when used with this method of `re`, or "" when it is linear."""
    text = pattern.decode("latin-1") if isinstance(pattern, bytes) else pattern
    if isinstance(pattern, bytes):
        flags |= re.ASCII
    flags &= re.IGNORECASE | re.MULTILINE | re.DOTALL | re.VERBOSE | re.ASCII
    wide = Reading(Automaton(text, flags, MANY), how)
    for place in wide.looping:
        if piece := wide.doubled(place):
            return f"exponential in {piece!r}"
    real = Reading(Automaton(text, flags, 10**9), how)
    befores = [*real.looping, *([real.ANEW] if real.searches else [])]
    for one in befores:
        for two in real.looping:
            if one != two and (piece := real.repeated(one, two)):
                return f"a power of the number of {piece!r}"
    return ""
