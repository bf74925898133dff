"""Every refusal a person may meet: a code, one translatable sentence and an HTTP status."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from helpdesk.core.i18n import N_

FILL = N_("Please fill this in.")
PICK = N_("Please pick one of the offered choices.")


class HelpdeskError(Exception):
    """A refusal with a sentence for people. `text` is a message id; `params` fill its %(names)s.

    `errors` gives a field its own sentence (a message id).
    """

    code = "error"
    status = 400
    retry_after = 0  # seconds until it may be tried again, where that is known

    def __init__(
        self,
        text: str,
        *,
        code: str = "",
        errors: Mapping[str, str] | None = None,
        retry_after: int = 0,
        **params: object,
    ) -> None:
        super().__init__(text % params if params else text)
        self.text, self.params, self.errors = text, params, dict(errors or {})
        self.code, self.retry_after = code or self.code, retry_after or self.retry_after

    def sentence(self, translate: Callable[[str], str]) -> str:
        """The sentence in the reader's language."""
        words = translate(self.text)
        return words % self.params if self.params else words


class Refused(HelpdeskError):
    """The table of moves, or another rule of the trade, does not permit this now."""

    code, status = "refused", 409


class Conflict(HelpdeskError):
    """Somebody else was faster: the row is newer than what the writer had read."""

    code, status = "conflict", 409


class BadInput(HelpdeskError):
    """The input has the wrong shape; `errors` says of which fields."""

    code, status = "bad_input", 422


class TooLarge(BadInput):
    """More bytes than we take."""

    code, status = "too_large", 413


class NotSignedIn(HelpdeskError):
    """Nobody is signed in, or the token is unknown."""

    code, status = "not_signed_in", 401


class NotAllowed(HelpdeskError):
    """The person is known and may not do this."""

    code, status = "not_allowed", 403


class NotFound(HelpdeskError):
    """It does not exist, or the reader may not know that it does."""

    code, status = "not_found", 404


class TooMany(HelpdeskError):
    """A rate limit was reached; `retry_after` says for how long."""

    code, status = "too_many", 429


class Busy(HelpdeskError):
    """The database or another part can't answer now; nothing was stored and a retry is safe."""

    code, status = "busy", 503
    retry_after = 2


def bad_fields(**errors: str) -> BadInput:
    """What is raised when some fields are wrong: each has its own sentence."""
    return BadInput(N_("Some fields need another look."), errors=errors)


def refuse(errors: Mapping[str, str]) -> None:
    """Raise bad_fields() when there are errors."""
    if errors:
        raise bad_fields(**errors)
