"""The deployment's settings, read once from the environment. An odd value refuses to start."""

from __future__ import annotations

import ipaddress
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask import Flask, current_app

LANGUAGES = ("zh_Hans", "en")
SIMULATED = "simulated"  # the kind of telephone system that only invents calls
LEAST_SECRET = 16  # characters of what signs a provider's hooks


class SettingsError(ValueError):
    """A setting is missing or odd; the message names it and says what it takes."""


@dataclass(frozen=True)
class Allowed:
    """A network that servers named on pages may lie in; port: None the usual ones, 0 every one."""

    network: ipaddress.IPv4Network | ipaddress.IPv6Network
    port: int | None = None

    def covers(
        self,
        address: ipaddress.IPv4Address | ipaddress.IPv6Address,
        port: int,
        usual: frozenset[int],
    ) -> bool:
        """Whether this entry allows a connection there."""
        fits = port in usual if self.port is None else self.port in (0, port)
        return fits and address in self.network


@dataclass(frozen=True)
class Phone:
    """The telephone system that a process beside the pages connects to."""

    kind: str
    host: str
    port: int
    user: str
    secret: str = field(repr=False)
    context: str = "from-internal"  # where agents' telephones dial
    lines: str = "PJSIP/{}"  # an extension's telephone
    queue_log: str = ""  # the file, where this machine has it
    recordings: str = ""  # where its recordings are: an address, or "spool:" for recording_folder
    websocket: str = ""  # where telephones in the browser connect; "" where there are none
    realm: str = ""  # behind the @ of their SIP addresses

    @property
    def name(self) -> str:
        """The provider of its calls."""
        return self.kind

    @property
    def socket_host(self) -> str:
        """Scheme, host and port of the websocket, for a content policy."""
        return "://".join(urlsplit(self.websocket)[:2])


@dataclass(frozen=True)
class Settings:
    """What one process needs to know of its surroundings."""

    database_url: str
    redis_url: str | None
    secret_key: str
    host: str
    port: int
    base_url: str
    timezone: str
    language: str
    instance: Path
    smtp_url: str | None
    mail_from: str
    company: str
    company_zh: str
    behind_proxies: int
    secure_cookies: bool
    role: str
    mail_key: str = ""
    dns_server: str = ""
    mail_networks: tuple[Allowed, ...] = ()
    recording_hosts: tuple[str, ...] = ()  # host or host:port that recordings are fetched from
    recording_folder: str = ""  # of an exchange on this machine
    phone_secrets: tuple[tuple[str, str], ...] = ()  # what signs a provider's hooks
    phone: Phone | None = None
    pages_each: int = 20  # open pages of one person that a serving process keeps live
    connections_each: int = 500  # connections of one address that wait at the same time
    scanner: str = ""
    max_file_bytes: int = 20 * 1024 * 1024
    max_files: int = 10
    max_mail_bytes: int = 25 * 1024 * 1024

    @property
    def embedded(self) -> bool:
        """True for SQLite in one process: the same process rings alarms and delivers."""
        return self.database_url.startswith("sqlite")

    @property
    def mail_host(self) -> str:
        """What stands behind the @ of our own address, and of the Message-IDs that we make."""
        return self.mail_from.rpartition("@")[2]


def settings() -> Settings:
    """The settings of the running app."""
    return settings_of(current_app)


def settings_of(app: Flask) -> Settings:
    """The settings of an app, outside its context too."""
    found: Settings = app.extensions["helpdesk_settings"]
    return found


def load(environ: Mapping[str, str]) -> Settings:
    """Settings from HELPDESK_* variables (NAME_FILE reads a secret from a file).

    Raises SettingsError for an odd value.
    """
    get = _Reader(environ)
    instance = Path(get("INSTANCE", "instance")).absolute()
    try:
        instance.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"HELPDESK_INSTANCE: {instance} can't be made: {error}.") from error
    database_url = driven_url(get("DATABASE_URL", f"sqlite:///{instance / 'helpdesk.sqlite3'}"))
    host, port = get("HOST", "127.0.0.1"), get.number("PORT", 5000, 65535)
    base_url = get.url("BASE_URL", f"http://{host}:{port}", "http", "https").rstrip("/")
    return Settings(
        database_url=database_url,
        redis_url=get.url("REDIS_URL", "", "redis", "rediss", "unix") or None,
        secret_key=_secret_key(get("SECRET_KEY", ""), database_url, instance),
        host=host,
        port=port,
        base_url=base_url,
        timezone=_zone(get("TIMEZONE", "Asia/Shanghai")),
        language=get.choice("LANGUAGE", "zh_Hans", LANGUAGES),
        instance=instance,
        smtp_url=get("SMTP_URL", "") or None,
        mail_from=get("MAIL_FROM", "helpdesk@localhost"),
        company=get("COMPANY", "Helpdesk"),
        company_zh=get("COMPANY_ZH", "服务台"),
        behind_proxies=get.number("PROXIES", 0),
        secure_cookies=base_url.startswith("https://"),
        mail_key=get("MAIL_KEY", ""),
        dns_server=_dns_server(get("DNS_SERVER", "")),
        mail_networks=_networks(get("MAIL_NETWORKS", "")),
        recording_hosts=tuple(get("RECORDING_HOSTS", "").lower().replace(",", " ").split()),
        recording_folder=get("RECORDING_FOLDER", ""),
        phone_secrets=_phone_secrets(get("PHONE_SECRETS", "")),
        phone=_phone(get),
        scanner=_scanner(get("SCANNER", "")),
        role=get.choice("ROLE", "all", ("all", "web", "live")),
        pages_each=get.number("PAGES_EACH", 20),
        connections_each=get.number("CONNECTIONS_EACH", 500, 100_000),
    )


class _Reader:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ

    def __call__(self, name: str, default: str) -> str:
        path = self.environ.get(f"HELPDESK_{name}_FILE")
        if path:
            return _text_of(Path(path), f"HELPDESK_{name}_FILE")
        return self.environ.get(f"HELPDESK_{name}", default).strip() or default

    def number(self, name: str, default: int, most: int = 1000) -> int:
        text = self(name, str(default))
        if not text.isdecimal() or len(text) > 6 or int(text) > most:
            wanted = f"a whole number up to {most}"
            raise SettingsError(f"HELPDESK_{name} takes {wanted}, not {text!r}.")
        return int(text)

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        text = self(name, default)
        if text not in choices:
            raise SettingsError(f"HELPDESK_{name} takes one of {', '.join(choices)}, not {text!r}.")
        return text

    def url(self, name: str, default: str, *schemes: str) -> str:
        text = self(name, default)
        if text and urlsplit(text).scheme not in schemes:
            wanted = " or ".join(f"{scheme}://..." for scheme in schemes)
            raise SettingsError(f"HELPDESK_{name} takes {wanted}, not {text!r}.")
        return text


def _dns_server(text: str) -> str:
    host, _colon, port = text.partition(":")
    try:
        if text:
            ipaddress.IPv4Address(host)
            int(port or 53)
    except ValueError:
        raise SettingsError(
            f"HELPDESK_DNS_SERVER takes an address such as 192.0.2.1 or 192.0.2.1:53, not {text!r}."
        ) from None
    return text


def _networks(text: str) -> tuple[Allowed, ...]:
    """192.168.1.0/24, 10.0.0.5:1143, 127.0.0.1:*, [fd00::/8]:143"""
    return tuple(_allowed(each) for each in text.replace(",", " ").split())


def _allowed(text: str) -> Allowed:
    network, port = text, ""
    if text.startswith("["):
        network, _bracket, port = text[1:].partition("]")
        port = port.removeprefix(":")
    elif text.count(":") == 1:
        network, _colon, port = text.partition(":")
    try:
        number = {"": None, "*": 0}.get(port, 0) if port in ("", "*") else int(port)
        return Allowed(ipaddress.ip_network(network, strict=False), number)
    except ValueError:
        raise SettingsError(
            "HELPDESK_MAIL_NETWORKS takes networks or addresses, each with a port if it is no usual"
            f" one: 10.0.0.0/8, 192.168.1.5:1143, [fd00::/8]; not {text!r}."
        ) from None


def _phone_secrets(text: str) -> tuple[tuple[str, str], ...]:
    """carrier=long-secret other=another-long-secret"""
    pairs = [each.partition("=") for each in text.split()]
    if any(not name or len(secret) < LEAST_SECRET for name, _equals, secret in pairs):
        raise SettingsError(
            "HELPDESK_PHONE_SECRETS takes provider=secret, several parted by blanks, each secret"
            f" of {LEAST_SECRET} characters at least."
        )
    return tuple((name, secret) for name, _equals, secret in pairs)


def _phone(get: _Reader) -> Phone | None:
    kind = get.choice("PHONE_KIND", "", ("", "asterisk", SIMULATED))
    if not kind:
        return None
    if kind == SIMULATED:
        return Phone(kind, host="", port=0, user="", secret="")
    host, _colon, port = get("PHONE_ADDRESS", "127.0.0.1").partition(":")
    lines, address = get("PHONE_LINES", Phone.lines), f"{host}:{port or '5038'}"
    if not host or not (port or "5038").isdecimal() or not 0 < int(port or 5038) < 65536:
        raise SettingsError(f"HELPDESK_PHONE_ADDRESS takes host or host:port, not {address!r}.")
    if lines.count("{}") != 1:
        raise SettingsError(f"HELPDESK_PHONE_LINES takes something like PJSIP/{{}}, not {lines!r}.")
    user, secret = get("PHONE_USER", ""), get("PHONE_SECRET", "")
    websocket = _phone_websocket(get("PHONE_WEBSOCKET", ""))
    if not user or not secret:
        raise SettingsError("HELPDESK_PHONE_USER and HELPDESK_PHONE_SECRET must be set as well.")
    return Phone(
        kind=kind,
        host=host,
        port=int(port or 5038),
        user=user,
        secret=secret,
        context=get("PHONE_CONTEXT", Phone.context),
        lines=lines,
        queue_log=get("PHONE_QUEUE_LOG", ""),
        recordings=get.url("PHONE_RECORDINGS", "", "http", "https").rstrip("/")
        or ("spool:" if get("RECORDING_FOLDER", "") else ""),
        websocket=websocket,
        realm=_phone_realm(get("PHONE_REALM", urlsplit(websocket).hostname or "")),
    )


def _phone_websocket(text: str) -> str:
    """Without TLS on this machine only: the words of a call pass there, and what signs a telephone on."""
    near = re.fullmatch(r"ws://(127\.0\.0\.1|localhost)(:\d{1,5})?(/[\w./-]*)?", text, re.ASCII)
    far = re.fullmatch(r"wss://[\w.-]+(:\d{1,5})?(/[\w./-]*)?", text, re.ASCII)
    if text and not (near or far):
        raise SettingsError(
            "HELPDESK_PHONE_WEBSOCKET takes something like wss://pbx.example.com:8089/ws, or"
            f" ws://127.0.0.1:8088/ws on this machine only; not {text!r}."
        )
    return text


def _phone_realm(text: str) -> str:
    if text and not re.fullmatch(r"[\w.-]+", text, re.ASCII):
        raise SettingsError(f"HELPDESK_PHONE_REALM takes a host name or address, not {text!r}.")
    return text


def _scanner(text: str) -> str:
    kind, _colon, where = text.partition(":")
    place = where.startswith("/") or where.rpartition(":")[2].isdecimal()
    if text and not ((kind == "command" and where) or (kind == "clamd" and place)):
        raise SettingsError(
            "HELPDESK_SCANNER takes clamd:/path/of/its/socket, clamd:host:3310, or"
            f" command:/usr/bin/clamscan --no-summary; not {text!r}."
        )
    return text


def driven_url(url: str) -> str:
    """The address of a database with the driver that we use. Raises SettingsError for another kind."""
    scheme = urlsplit(url).scheme
    if scheme in ("postgres", "postgresql"):
        return "postgresql+psycopg" + url[len(scheme) :]
    if scheme not in ("sqlite", "postgresql+psycopg"):
        raise SettingsError(f"HELPDESK_DATABASE_URL takes sqlite or postgresql, not {scheme!r}.")
    return url


def _text_of(path: Path, name: str) -> str:
    try:
        return path.read_text(encoding="utf8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{name}: {path} can't be read: {error}.") from error


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise SettingsError(f"HELPDESK_TIMEZONE: there is no time zone {name!r}.") from error


def _secret_key(given: str, database_url: str, instance: Path) -> str:
    """The key from the environment, or for the embedded default one made and kept in instance/."""
    if given:
        return given
    if not database_url.startswith("sqlite"):
        raise SettingsError("HELPDESK_SECRET_KEY must be set when the database is PostgreSQL.")
    path = instance / "secret_key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48), encoding="utf8")
    return _text_of(path, "HELPDESK_INSTANCE")
