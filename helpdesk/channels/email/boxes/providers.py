"""What is known of mail providers by the address alone: servers, and where the password is made.

The servers are those of the providers' own help pages; where the domain is a company's own, the
provider can't be seen from the address and is picked from the table.
"""

from __future__ import annotations

from dataclasses import dataclass

from helpdesk.core.i18n import N_


@dataclass(frozen=True)
class Provider:
    """One provider: its servers (TLS from the start) and where its authorisation code is."""

    code: str
    name: str
    domains: tuple[str, ...]
    imap: str
    smtp: str
    where: str
    smtp_port: int = 465
    smtp_tls: str = "tls"
    proof_by: str = ""  # how it signs its Authentication-Results
    oauth: str = ""  # the code of who gives consent, see notify.grants


PROVIDERS = (
    Provider(
        "qq",
        N_("QQ Mail"),
        ("qq.com", "foxmail.com", "vip.qq.com"),
        "imap.qq.com",
        "smtp.qq.com",
        N_(
            "On mail.qq.com: Settings, Account, switch on IMAP/SMTP and make an authorisation code "
            "(a text message confirms it). Type that code here as the password."
        ),
    ),
    Provider(
        "163",
        N_("NetEase 163"),
        ("163.com",),
        "imap.163.com",
        "smtp.163.com",
        N_(
            "On mail.163.com: Settings, POP3/SMTP/IMAP, switch on IMAP and make an authorisation "
            "code. It is shown once; type it here as the password."
        ),
    ),
    Provider(
        "126",
        N_("NetEase 126"),
        ("126.com", "yeah.net"),
        "imap.126.com",
        "smtp.126.com",
        N_(
            "On mail.126.com: Settings, POP3/SMTP/IMAP, switch on IMAP and make an authorisation "
            "code. It is shown once; type it here as the password."
        ),
    ),
    Provider(
        "wecom",
        N_("WeCom mail (Tencent Exmail)"),
        ("exmail.qq.com",),
        "imap.exmail.qq.com",
        "smtp.exmail.qq.com",
        N_(
            "On exmail.qq.com: Settings, Client, switch on IMAP/SMTP; with secure login, make a "
            "client password there and type it here. The administrator must allow clients."
        ),
    ),
    Provider(
        "aliyun",
        N_("Aliyun enterprise mail"),
        ("aliyun.com", "qiye.aliyun.com"),
        "imap.qiye.aliyun.com",
        "smtp.qiye.aliyun.com",
        N_(
            "On qiye.aliyun.com: Settings, Account security, switch on third-party clients and make "
            "a client password. Personal aliyun.com uses imap.aliyun.com and smtp.aliyun.com."
        ),
    ),
    Provider(
        "gmail",
        N_("Gmail"),
        ("gmail.com", "googlemail.com"),
        "imap.gmail.com",
        "smtp.gmail.com",
        N_(
            "On myaccount.google.com: Security, 2-Step Verification must be on; then make an app "
            "password and type it here. Or leave it empty, save, and give consent on the next page."
        ),
        proof_by="mx.google.com",
        oauth="google",
    ),
    Provider(
        "m365",
        N_("Microsoft 365"),
        ("outlook.com", "hotmail.com", "live.com"),
        "outlook.office365.com",
        "smtp.office365.com",
        N_(
            "Microsoft takes no passwords any more: leave it empty, save, and give consent on the "
            "next page."
        ),
        587,
        "starttls",
        proof_by="*",
        oauth="microsoft",
    ),
    Provider(
        "own",
        N_("Your own server"),
        (),
        "",
        "",
        N_("Ask whoever runs it for the IMAP and SMTP server. Ports 993 and 465 are usual."),
    ),
)
BY_CODE = {each.code: each for each in PROVIDERS}


def provider_of(address: str, host: str = "") -> Provider:
    """The provider of an address, or of the server that fetches its mail; else its own server."""
    domain = address.strip().lower().rpartition("@")[2]
    known = (each for each in PROVIDERS if domain in each.domains)
    behind = (each for each in PROVIDERS if host and each.imap == host.strip().lower())
    return next(known, None) or next(behind, BY_CODE["own"])


def guessed(address: str, code: str = "") -> dict[str, object]:
    """The fields of a mailbox as far as they follow from its address and provider."""
    found = BY_CODE.get(code) or provider_of(address)
    domain = address.strip().lower().rpartition("@")[2]
    return {
        "name": address.partition("@")[0].strip().lower()[:40],
        "address": address.strip(),
        "user": address.strip(),
        "kind": "imap",
        "host": found.imap or (f"imap.{domain}" if domain else ""),
        "port": 993,
        "tls": "tls",
        "smtp_host": found.smtp or (f"smtp.{domain}" if domain else ""),
        "smtp_port": found.smtp_port,
        "smtp_tls": found.smtp_tls,
        "proof_by": found.proof_by,
    }
