"""One value of a body or of an address: what is read from it, and how the description draws it.

The same declaration checks what a caller sends and tells others what they may send, so the two can't
part. A value that does not fit is Wrong, with a sentence for the field.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from helpdesk.clock import now, read_moment
from helpdesk.core.errors import FILL, PICK, bad_fields, refuse
from helpdesk.core.i18n import N_

Schema = dict[str, Any]
WHOLE = N_("Please send a whole number that is not too large.")
UNKNOWN = N_("This field is not known.")
BIGGEST = 2**53


class Wrong(Exception):
    """A value that does not fit; `errors` has a sentence for it ('') or for its parts, by name."""

    def __init__(self, sentence: str = "", errors: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.errors = dict(errors or {"": sentence})


def _same(value: Any) -> Any:
    return value


@dataclass(frozen=True)
class Field:
    """How a value is drawn (`schema`), and read: `read` gives it or raises Wrong, '' is no value."""

    schema: Schema
    read: Callable[[Any], Any] = _same
    needed: bool = False
    several: bool = False  # in an address: may be given more than once
    says: bool = False  # an empty one says something else than none: it is kept as ''
    about: str = ""

    @property
    def drawn(self) -> Schema:
        """The JSON schema; what is not needed may be null, and empty where it is a choice."""
        found = dict(self.schema) if self.needed else _or_null(self.schema)
        return found | ({"description": self.about} if self.about else {})


def _or_null(schema: Schema) -> Schema:
    if "$ref" in schema:  # PHP writes an empty object as []
        return {"anyOf": [schema, {"type": "array", "maxItems": 0}, {"type": "null"}]}
    if isinstance(schema["type"], list):
        return dict(schema)
    found = schema | {"type": [schema["type"], "null"]}
    return found | ({"enum": [*schema["enum"], "", None]} if "enum" in schema else {})


def needed(given: Field) -> Field:
    """The same field for bodies that are nothing without it."""
    blank = {"pattern": r"\S"} if given.schema.get("type") == "string" else {}
    return replace(given, needed=True, schema=given.schema | blank)


def text(most: int | None = None, about: str = "") -> Field:
    """A text of at most `most` characters, not counting blanks around it."""

    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise Wrong(N_("Please send text."))
        if most and len(value.strip()) > most:
            raise Wrong(TOO_LONG[most])
        return value

    return Field({"type": "string"} | ({"maxLength": most} if most else {}), read, about=about)


TOO_LONG = {
    200: N_("This is too long: 200 characters at most."),
    100_000: N_("This is too long: 100,000 characters at most. Attach the rest as a file."),
}


def choice(values: Collection[str], about: str = "") -> Field:
    """One of these words."""

    def read(value: Any) -> str:
        found: str = text().read(value)
        if found and found not in values:
            raise Wrong(PICK)
        return found

    return Field({"type": "string", "enum": [str(each) for each in values]}, read, about=about)


def flag() -> Field:
    """True or false."""

    def read(value: Any) -> bool:
        if not isinstance(value, bool):
            raise Wrong(N_("Please send true or false."))
        return value

    return Field({"type": "boolean"}, read)


def whole() -> Field:
    """A whole number of JSON."""

    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise Wrong(WHOLE)
        return value

    return Field({"type": "integer"}, read)


def digits(most: int = BIGGEST) -> Field:
    """A whole number from 0 to `most` in an address."""

    def read(value: str) -> int:
        if not (value.isascii() and value.isdecimal()) or len(value) > 18 or int(value) > most:
            raise Wrong(WHOLE)
        return int(value)

    return Field({"type": "integer", "minimum": 0, "maximum": most}, read)


def moment(ahead: bool = False) -> Field:
    """A time with its zone; not in the future unless `ahead`."""

    def read(value: Any) -> datetime | str:
        if value == "":
            return ""
        try:
            at = read_moment(value.replace(" ", "+")).astimezone(UTC)
        except (AttributeError, TypeError, ValueError):
            raise Wrong(
                N_("Please send a time with its zone, like 2026-03-05T09:30:00+08:00.")
            ) from None
        if at > now() and not ahead:
            raise Wrong(N_("This time lies in the future."))
        return at

    return Field({"type": "string", "format": "date-time"}, read)


@dataclass(frozen=True)
class Shape:
    """A JSON object with these fields and no others, by the name that the description gives it."""

    name: str
    fields: Mapping[str, Field] = field(default_factory=dict)

    @property
    def drawn(self) -> Schema:
        """The JSON schema."""
        return {
            "type": "object",
            "properties": {name: each.drawn for name, each in self.fields.items()},
            "required": [name for name, each in self.fields.items() if each.needed],
            "additionalProperties": False,
        }

    def check(self, sent: Mapping[str, Any]) -> dict[str, Any]:
        """What was given, by name; null and '' are nothing. Raises BadInput with every error."""
        try:
            return self.read(sent)
        except Wrong as wrong:
            raise bad_fields(**wrong.errors) from None

    def check_all(self, sent: list[Any]) -> list[dict[str, Any]]:
        """The same of several; where they are, each error says in which ("3.at")."""
        found: list[dict[str, Any]] = []
        errors: dict[str, str] = {}
        for place, each in enumerate(sent):
            try:
                found.append(self.read(each))
            except Wrong as wrong:
                before = f"{place}." if len(sent) > 1 else ""
                errors |= {
                    f"{before}{name}".rstrip("."): said for name, said in wrong.errors.items()
                }
        refuse(errors)
        return found

    def read(self, sent: Any) -> dict[str, Any]:
        """The same for an object inside another one. Raises Wrong, its errors by name."""
        if sent == []:
            return {}
        if not isinstance(sent, Mapping):
            raise Wrong(N_("Please send an object."))
        errors = {name: UNKNOWN for name in sent if name not in self.fields}
        found: dict[str, Any] = {}
        for name, each in self.fields.items():
            if each.says and name in sent and sent[name] in (None, ""):
                found[name] = ""
                continue
            try:
                _put(found, name, each, sent.get(name))
            except Wrong as wrong:
                errors |= {f"{name}.{at}".rstrip("."): said for at, said in wrong.errors.items()}
        if errors:
            raise Wrong(errors=errors)
        return found

    def inside(self) -> Field:
        """This object as a field of another one."""
        return Field({"$ref": f"#/components/schemas/{self.name}"}, self.read)


def _put(found: dict[str, Any], name: str, each: Field, value: Any) -> None:
    """Keep what is read from a value, where there is any. Raises Wrong when it lacks or is odd."""
    got = None if value is None else each.read(value)
    blank = got is None or (isinstance(got, str) and not got.strip())
    if blank and each.needed:
        raise Wrong(FILL)
    if got is not None and got != "":
        found[name] = got


@dataclass(frozen=True)
class Query:
    """The parameters of an address: these, each once unless it may be several, and no others."""

    fields: Mapping[str, Field] = field(default_factory=dict)

    def check(self, args: Any) -> dict[str, Any]:
        """What was asked for, by name; of several, those of the first. Raises BadInput by name."""
        errors = {name: N_("This parameter is not known.") for name in args if self._lacks(name)}
        found: dict[str, Any] = {}
        for name, each in self.fields.items():
            if name not in args and not each.needed:
                continue
            if len(args.getlist(name)) > 1 and not each.several:
                errors[name] = N_("Please give this once.")
                continue
            try:
                _put(found, name, each, args.get(name) or None)
            except Wrong as wrong:
                errors[name] = wrong.errors[""]
        refuse(errors)
        return found

    def _lacks(self, name: str) -> bool:
        return name not in self.fields and name != "lang"  # every address may name a language
