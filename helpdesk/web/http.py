"""HTTP glue: languages, security headers, CSRF, error pages or problem JSON, small view helpers."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable
from functools import cache, lru_cache, partial
from typing import Any
from urllib.parse import quote, urlsplit

from babel import Locale
from flask import (
    Flask,
    Response,
    current_app,
    g,
    jsonify,
    redirect,
    render_template,
    request,
)
from flask_babel import Babel, refresh
from flask_wtf.csrf import CSRFProtect, generate_csrf
from sqlalchemy.exc import DataError, SQLAlchemyError
from werkzeug.datastructures import LanguageAccept
from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestEntityTooLarge
from werkzeug.http import parse_accept_header
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.clock import now
from helpdesk.core import options
from helpdesk.core.db import CHANGED, commits, db, gave_way, is_twin, refusal_of
from helpdesk.core.errors import BadInput, Busy, Conflict, HelpdeskError, NotFound, NotSignedIn
from helpdesk.core.i18n import N_, gettext
from helpdesk.core.shortage import Shortage, note, shortage_of
from helpdesk.settings import LANGUAGES, Settings, settings
from helpdesk.web import bodies, drawing

log = logging.getLogger(__name__)
csrf = CSRFProtect()
babel = Babel()
LANGUAGE_COOKIE = "helpdesk_language"
HOST = re.compile(r"[A-Za-z0-9.-]+(:[0-9]+)?|\[[0-9A-Fa-f:.]+\](:[0-9]+)?")
HTTP_SENTENCES = {
    400: N_("The request could not be read. Please go back and try again."),
    404: N_("There is no such page."),
    405: N_("This page does not take that."),
    415: N_("Please send JSON."),
}


def init(app: Flask, known: Settings) -> None:
    """Wire the glue into the app."""
    app.jinja_environment = drawing.Templates  # type: ignore[assignment]
    app.wsgi_app = believing_proxies(app.wsgi_app, known)  # type: ignore[method-assign]
    app.dispatch_request = partial(_answered, app.dispatch_request)  # type: ignore[method-assign]
    app.before_request(_begin)
    bodies.init(app)
    # No view is a coroutine, so nobody looks whether one is.
    app.ensure_sync = lambda function: function  # type: ignore[assignment, method-assign]
    csrf.init_app(app)
    babel.init_app(
        app,
        locale_selector=lambda: _locale(g.get("language", known.language)),
        timezone_selector=lambda: g.get("timezone", known.timezone),
    )
    drawing.init(app)  # after Babel, whose own texts it replaces
    app.jinja_env.globals["csrf_token"] = _csrf_token
    app.after_request(_headers)
    app.register_error_handler(HelpdeskError, refused)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(SQLAlchemyError, _database_says_no)
    with app.app_context():
        driver: Any = db.engine.dialect.dbapi  # the one that is in use alone is loaded
    app.register_error_handler(driver.OperationalError, _database_is_gone)
    app.register_error_handler(OSError, _disk_says_no)
    app.register_error_handler(DataError, _not_storable)
    app.register_error_handler(OverflowError, _not_storable)
    app.register_error_handler(Exception, _broken)
    app.context_processor(_context)


_locale = cache(Locale.parse)  # each request asks for the locale of one of two languages


def believing_proxies(wsgi: Any, known: Settings) -> Any:
    """The WSGI application, told caller, scheme and host by the proxies that stand in front."""
    hops = known.behind_proxies
    return ProxyFix(wsgi, x_for=hops, x_proto=hops, x_host=hops) if hops else wsgi


def _begin() -> None:
    g.csp_nonce = secrets.token_urlsafe(16)
    g.socket_elsewhere = ""
    g.timezone = settings().timezone
    g.language = _asked_language()
    refresh()  # an application context may live longer than one request


def _asked_language() -> str:
    """By link, by cookie, by the browser, else the set default; sign-in overrules it later."""
    asked = request.args.get("lang") or request.cookies.get(LANGUAGE_COOKIE, "")
    if asked in LANGUAGES:
        return asked
    return _best_language(request.headers.get("Accept-Language", "")) or settings().language


@lru_cache(maxsize=1000)
def _best_language(wanted: str) -> str:
    """Which of our languages a browser would like best; '' when none of them."""
    accepted = parse_accept_header(wanted, LanguageAccept)
    best = accepted.best_match(["zh-CN", "zh", "zh-Hans", "en", "en-US", "en-GB"])
    return "" if best is None else "zh_Hans" if best.lower().startswith("zh") else "en"


def _headers(response: Response) -> Response:
    nonce, known = g.get("csp_nonce", ""), settings()
    ours = {
        "Content-Security-Policy": f"default-src 'self'; script-src 'self' 'nonce-{nonce}'; "
        f"style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; connect-src 'self' {_sockets()}; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    if not request.path.startswith("/static/"):
        ours["Cache-Control"] = "no-store"
    if known.secure_cookies:
        ours["Strict-Transport-Security"] = "max-age=31536000"
    for name, _ in response.headers:
        ours.pop(name, None)  # a view's own stands
    response.headers.extend(ours)
    if request.args.get("lang") in LANGUAGES:
        _remember_language(response)
    return response


def _sockets() -> str:
    """Where our pages may open a websocket: at the host that they came from, and nowhere else; but for
    the one page whose view names another place in `g.socket_elsewhere`."""
    secure = request.is_secure or settings().secure_cookies
    host = request.host if HOST.fullmatch(request.host) else urlsplit(settings().base_url).netloc
    return f"{'wss' if secure else 'ws'}://{host} {g.get('socket_elsewhere', '')}".rstrip()


def _remember_language(response: Response) -> None:
    secure = settings().secure_cookies
    response.set_cookie(
        LANGUAGE_COOKIE,
        request.args["lang"],
        31_536_000,
        secure=secure,
        httponly=True,
        samesite="Lax",
    )


def _context() -> dict[str, Any]:
    return {
        "csp_nonce": g.get("csp_nonce", ""),
        "csrf_token": _csrf_token,
        "language": g.get("language", "zh_Hans"),
        "html_language": "zh-Hans" if g.get("language", "zh_Hans") == "zh_Hans" else "en",
        "languages": {"zh_Hans": "中文", "en": "English"},
        "company": _Company(),
        "now_iso": now().isoformat(),
    }


def _csrf_token() -> str:
    """The token of this request, which Flask-WTF signs once and leaves there."""
    return g.get("csrf_token") or str(generate_csrf())


def company() -> str:
    """The company's name in the reader's language."""
    return company_in(g.get("language", "zh_Hans"))


def company_in(language: str) -> str:
    """The company's name in a language: as admins set it, else from the environment."""
    chinese, known = language == "zh_Hans", settings()
    named = options.get("company_zh" if chinese else "company_en")
    return str(named or (known.company_zh if chinese else known.company))


class _Company:
    """Asked for when a page shows it, so that fragments cost no look-up."""

    def __str__(self) -> str:
        return company()


def wants_json() -> bool:
    """True for the API and for callers that ask for JSON."""
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return request.path.startswith("/api/") or best == "application/json"


def problem(error: HelpdeskError) -> Response:
    """RFC 9457 problem JSON with code, title, detail and errors by field."""
    body = {
        "type": "about:blank",
        "status": error.status,
        "code": error.code,
        "title": error.sentence(gettext),
        "detail": error.sentence(gettext),
        "message": error.sentence(gettext),
        "errors": {name: gettext(text) for name, text in error.errors.items()},
    }
    response = jsonify(body)
    response.status_code, response.content_type = error.status, "application/problem+json"
    return response


def refused(error: HelpdeskError) -> Any:
    """The answer to a refusal: problem JSON, the way to sign in, or a page that says why."""
    db.session.rollback()
    if isinstance(error, NotSignedIn) and not wants_json():
        return _to_sign_in()
    if wants_json():
        answer = problem(error)
    else:
        page = render_template("error.html", error=error, sentence=error.sentence(gettext))
        answer = current_app.make_response((page, error.status))
    if isinstance(error, NotSignedIn):
        answer.headers["WWW-Authenticate"] = "Bearer"
    if error.retry_after:
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer


def _to_sign_in() -> BaseResponse:
    """The sign-in page, which leads back here; htmx is told to load it as a page."""
    asked = request.full_path if request.method == "GET" else _came_from()
    page = f"/sign-in?next={quote(local_path(asked))}"
    if request.headers.get("HX-Request"):
        page = "/sign-in"
        return Response(status=401, headers={"HX-Redirect": page})
    return redirect(page)


def _came_from() -> str:
    """The page of this site whose form was sent."""
    parts = urlsplit(request.referrer or "")
    return parts.path if parts.netloc == request.host else "/"


def _http(error: HTTPException) -> Any:
    code = error.code or 500
    if code in (301, 302, 303, 307, 308):
        return error
    if isinstance(error, RequestEntityTooLarge):
        return refused(bodies.too_large(error))
    wrapped = NotFound(HTTP_SENTENCES.get(code, N_("This did not work. Please try again.")))
    wrapped.status = code
    wrapped.code = (error.name or "error").lower().replace(" ", "_")
    answer = refused(wrapped)
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        answer.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return answer


def _database_says_no(error: SQLAlchemyError) -> Any:
    """Gone, too busy, or somebody was faster: said as such. All else is our mistake."""
    if is_twin(error):
        return refused(Conflict(CHANGED))
    refusal = refusal_of(error)
    if refusal is None:
        return _broken(error)
    if isinstance(refusal, Busy) and not isinstance(refusal, Shortage):
        return _database_is_gone(error)
    return refused(refusal)


def _database_is_gone(_error: Exception) -> Any:
    """Also what the driver says itself, of a connection that died before a statement was sent."""
    gone = N_("The database can't be reached now. Nothing was stored; please try again.")
    return refused(Busy(gone))


def _disk_says_no(error: OSError) -> Any:
    """A file that could not be written, such as an upload on its way; all else is our mistake."""
    shortage = shortage_of(error)
    if shortage is None:
        return _broken(error)
    note(shortage)
    return refused(shortage)


def _answered(dispatch: Callable[[], Any]) -> Any:
    """The view's answer. When the database undid its one transaction in favour of another's, the
    request is run again, three times in all; nothing of the first run is left.
    """
    for left in (2, 1, 0):
        before = commits()
        try:
            return dispatch()
        except Exception as error:
            if not left or not gave_way(error) or commits() != before:
                raise
        db.session.rollback()
        for sent in (each for many in request.files.listvalues() for each in many):
            sent.stream.seek(0)
    raise AssertionError("unreachable")


def _not_storable(_error: DataError | OverflowError) -> Any:
    """What no column takes, such as a NUL character or 30 digits in an address: the caller's mistake."""
    return refused(BadInput(HTTP_SENTENCES[400]))


def _broken(error: Exception) -> Any:
    log.exception("Unexpected error on %s %s", request.method, request.path)
    if current_app.testing and current_app.config.get("PROPAGATE"):
        raise error
    wrapped = HelpdeskError(N_("Something went wrong on our side. It was noted; please try again."))
    wrapped.status, wrapped.code = 500, "internal"
    return refused(wrapped)


def local_path(target: str | None) -> str:
    """A path on this site, or '/' for anything else: the only way to redirect to a given address."""
    if not target or any(c in target for c in "\\\r\n\t"):
        return "/"
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or not target.startswith("/") or target.startswith("//"):
        return "/"
    return target.rstrip("?")


def back(default: str) -> BaseResponse:
    """See other: where the form says it came from, or `default`."""
    return redirect(
        local_path(request.form.get("next")) if request.form.get("next") else default, code=303
    )
