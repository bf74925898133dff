"""What templates are drawn with: their filters and texts, and what is drawn or put together once."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache, partial
from types import FunctionType
from typing import Any

from flask import Flask, has_request_context, request, url_for
from flask.templating import Environment
from jinja2 import Template
from jinja2.environment import TemplateModule
from jinja2.ext import Extension
from jinja2.lexer import (
    TOKEN_DATA,
    TOKEN_DOT,
    TOKEN_LPAREN,
    TOKEN_NAME,
    TOKEN_RPAREN,
    TOKEN_STRING,
    Token,
    TokenStream,
)
from jinja2.runtime import Context, Macro
from markupsafe import Markup, escape

from helpdesk.core import i18n
from helpdesk.core.kept import Keeping, frozen
from helpdesk.web import sanitize

INDENTATION = re.compile(r"(?:^|\n)[ \t]+")
SIGNS = {TOKEN_LPAREN: "(", TOKEN_RPAREN: ")", TOKEN_DOT: ".", TOKEN_STRING: "s"}
ONE_TEXT = re.compile(r"(?<!\.)_\(s+\)(?!\.)")  # nothing is filled in, nothing done with it
NOT_PLAIN = re.compile(r"[&<>\"'%]")  # what HTML or a formatting reads otherwise
_drawn: Keeping[str] = Keeping(most=300)
_addresses: Keeping[str] = Keeping(most=5000)


def init(app: Flask) -> None:
    """Give the app's templates what they are drawn with; the app has `Templates` as its environment."""
    app.jinja_env.filters |= {
        "when": i18n.when,
        "day": i18n.day,
        "told_moment": i18n.told_moment,
        "duration": i18n.duration,
        "percent": i18n.percent,
        "numbers": number_columns,
        "offered": i18n.offered,
        "clock_time": i18n.clock_time,
        "text_to_html": sanitize.text_to_html,
        "iso": lambda at: at.isoformat() if at else "",
    }
    app.jinja_env.template_class, app.jinja_env.context_class = Component, Calling
    i18n.speak(app.jinja_env, sanitize.own_words)
    # kept(macro) draws the same values once: for small parts that show nothing else and stand everywhere
    parts = lru_cache(maxsize=1000, typed=True)
    app.jinja_env.globals |= {"drawn_once": drawn_once, "kept": parts, "url_for": address}
    app.jinja_env.globals["once_key"] = partial(secrets.token_urlsafe, 12)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.add_extension(Unindented)
    app.jinja_env.add_extension(Spoken)


def number_columns(
    codes: Iterable[str], names: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    """The heads of a table's columns of numbers, each with its name (or the text itself) translated."""
    labels = [names[code] if names else code for code in codes]
    return [{"label": i18n.gettext(label), "number": True} for label in labels]


class Component(Template):
    """A template whose macros are one module for all who import them: every template knows the
    environment's globals and no others, so nothing has to be compared at each import. What is HTML
    already, as half of a page's parts are, is not escaped into a copy of itself."""

    @classmethod
    def _from_namespace(cls, environment: Any, namespace: Any, globals: Any) -> Template:
        namespace["escape"] = _escaped
        return super()._from_namespace(environment, namespace, globals)

    def _get_default_module(self, ctx: Context | None = None) -> TemplateModule:
        return self._module or super()._get_default_module()


def _escaped(value: Any) -> Markup:
    return value if type(value) is Markup else escape(value)


class Templates(Environment):
    """The templates of the program, made once in each language that is asked for."""

    def __init__(self, app: Flask, **options: Any) -> None:
        super().__init__(app, **options)
        self.cache = None  # Jinja's own knows names alone
        self._found: dict[tuple[Any, str], Template] = {}

    def get_template(self, name: Any, parent: Any = None, globals: Any = None) -> Template:
        """The template of this name in the language in force; all of them know the same globals."""
        key = name, i18n.language()
        found: Template | None = self._found.get(key)
        if found is None or (self.auto_reload and not found.is_up_to_date):
            found = self._found[key] = super().get_template(name, parent, globals)
        return found


class Calling(Context):
    """A template's values. What it calls most, macros and plain functions, is not looked at twice."""

    def call(__self, __what: Any, *args: Any, **given: Any) -> Any:
        """What Jinja's own call gives."""
        is_macro = type(__what) is Macro
        if not is_macro and (type(__what) is not FunctionType or __what.__dict__):
            return super().call(__what, *args, **given)
        given.pop("_block_vars", None)
        given.pop("_loop_vars", None)
        return __what(__self.eval_ctx, *args, **given) if is_macro else __what(*args, **given)


class Unindented(Extension):
    """Pages are sent without the indentation that makes their templates readable."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        """The same tokens, with one space where the text of a page began a line further in."""
        is_page = (stream.name or "").endswith(".html")
        for token in stream:
            is_text = is_page and token.type == TOKEN_DATA
            text = INDENTATION.sub(" ", token.value) if is_text else token.value
            yield Token(token.lineno, token.type, text)


class Spoken(Extension):
    """A text that is shown as it is stands in the template already, in the language that it is made in."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        """The same tokens, with the words in the place of `_("words")`."""
        tokens, done = [*stream], 0
        signs = "".join(_sign(each) for each in tokens) if stream.name else ""
        for call in ONE_TEXT.finditer(signs):
            begin, end = call.span()
            text = "".join(each.value for each in tokens[begin + 2 : end - 1])
            said = i18n.gettext(text)
            if not NOT_PLAIN.search(said):
                yield from tokens[done:begin]
                yield Token(tokens[begin].lineno, TOKEN_STRING, said)
                done = end
        yield from tokens[done:]


def _sign(token: Token) -> str:
    is_name = token.type == TOKEN_NAME
    return ("_" if token.value == "_" else " ") if is_name else SIGNS.get(token.type, " ")


def drawn_once(macro: Callable[..., str], *values: Any) -> str:
    """What a macro makes of these values, made once in each language while many ask for it.

    Only for macros that show nothing but their values and texts of the catalogue.
    """
    return _drawn.once((macro, i18n.language(), frozen(values)), lambda: macro(*values))


def address(endpoint: str, **values: Any) -> str:
    """url_for() for templates: an address on this site is put together once."""
    if endpoint.startswith(".") or not has_request_context() or "_external" in values:
        return url_for(endpoint, **values)
    return _addresses.once(
        (request.root_path, endpoint, frozen(values)), lambda: url_for(endpoint, **values)
    )
