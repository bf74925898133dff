"""Every refusal a person may meet: a code, one translatable sentence and an HTTP status."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from helpdesk.core.i18n import N_

FILL = N_("Please fill this in.")
PICK = N_("Please pick one of the offered choices.")


class HelpdeskError(Exception):
    """A refusal with a sentence for people. `text` is a message id; `params` fill its %(names)s."""

    code = "error"
    status = 400

    def __init__(self, text: str, *, code: str | None = None, **params: object) -> None:
        super().__init__(text % params if params else text)
        self.text, self.params = text, params
        if code:
            self.code = code

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
    """The input has the wrong shape. `errors` maps a field to its own sentence (a message id)."""

    code, status = "bad_input", 422

    def __init__(
        self,
        text: str,
        *,
        errors: Mapping[str, str] | None = None,
        code: str | None = None,
        **params: object,
    ) -> None:
        super().__init__(text, code=code, **params)
        self.errors = dict(errors or {})


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
    """A rate limit was reached; `retry_after` is in seconds."""

    code, status = "too_many", 429

    def __init__(self, text: str, *, retry_after: int, **params: object) -> None:
        super().__init__(text, code=None, **params)
        self.retry_after = retry_after


class Busy(HelpdeskError):
    """The database or another part can't answer now; nothing was stored and a retry is safe."""

    code, status = "busy", 503


def bad_fields(**errors: str) -> BadInput:
    """What is raised when some fields are wrong: each has its own sentence."""
    return BadInput(N_("Some fields need another look."), errors=errors)


def refuse(errors: Mapping[str, str]) -> None:
    """Raise bad_fields() when there are errors."""
    if errors:
        raise bad_fields(**errors)
