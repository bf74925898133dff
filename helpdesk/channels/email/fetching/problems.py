"""What is wrong with a connection to a mail server, in a sentence that says what to do."""

from __future__ import annotations

import imaplib
import poplib
import smtplib
import socket
import ssl

from imap_tools import MailboxFolderSelectError, MailboxLoginError

from helpdesk.core.errors import Busy, HelpdeskError
from helpdesk.core.i18n import N_
from helpdesk.core.outgoing import NotAllowedThere
from helpdesk.notify.mail import tokens
from helpdesk.notify.mail.oauth import NoToken

PROBLEMS = {
    "network": N_(
        "This server lies in a private network, or its port is none of mail. Whoever runs the program "
        "can allow it: HELPDESK_MAIL_NETWORKS=10.0.0.5 (or 10.0.0.5:1143), then start anew."
    ),
    "name": N_("There is no server of this name. Please check the spelling."),
    "refused": N_("Nobody answers there. Please check the port and the kind of encryption."),
    "slow": N_("The server does not answer in time. Is it reachable from this machine?"),
    "certificate": N_("The server's certificate is not valid for this name."),
    "encryption": N_("The encryption does not fit. Port 993, 995 and 465 use TLS from the start."),
    "login": N_(
        "The server refused the user or the password. Many providers want an authorisation code "
        "instead of the password; the table shows where to get it."
    ),
    "consent": N_(
        "Its provider does not let us in: nobody has given consent yet, or it has ended. "
        "Open the mailbox and give consent."
    ),
    "token": N_("The provider's sign-in server gave no token. It is asked again."),
    "folder": N_("There is no such folder in the mailbox."),
    "unsafe": N_(
        "NetEase took the login for unsafe. Allow IMAP in its web settings, then try again."
    ),
    "database": N_("Our own database was busy; no mail is lost, it is fetched again."),
    "mail": N_("One mail could not be fetched; the others were."),
    "other": N_("The server answered with an error."),
}
_LOGIN = (MailboxLoginError, smtplib.SMTPAuthenticationError)
_OF_THE_LINE = (  # the special ones before the general
    (NotAllowedThere, "network"),
    (socket.gaierror, "name"),
    (ssl.SSLCertVerificationError, "certificate"),
    (ssl.SSLError, "encryption"),
    (TimeoutError, "slow"),
    (ConnectionRefusedError, "refused"),
)


def problem_of(error: BaseException) -> str:
    """The key of PROBLEMS for what went wrong."""
    words = str(error).lower()
    if isinstance(error, NoToken):
        return tokens.CONSENT if error.over else "token"
    if "unsafe login" in words:
        return "unsafe"
    if isinstance(error, _LOGIN) or (isinstance(error, poplib.error_proto) and "pass" in words):
        return "login"
    if isinstance(error, MailboxFolderSelectError):
        return "folder"
    if isinstance(error, Busy):
        return "database"
    if isinstance(error, HelpdeskError):
        return "login"
    if isinstance(error, imaplib.IMAP4.error) and "auth" in words:
        return "login"
    return next((key for kind, key in _OF_THE_LINE if isinstance(error, kind)), "other")


def noted(error: BaseException) -> str:
    """How a problem is stored: its key and the server's own words."""
    return f"{problem_of(error)}|{type(error).__name__}: {error}"[:500]
