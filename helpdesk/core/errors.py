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

    def __init_subclass__(cls, code: str = "", status: int = 0) -> None:
        """Each kind of refusal says its code and its status of HTTP, or has those of its parent."""
        cls.code, cls.status = code or cls.code, status or cls.status

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


class Refused(HelpdeskError, code="refused", status=409):
    """The table of moves, or another rule of the trade, does not permit this now."""


class Conflict(HelpdeskError, code="conflict", status=409):
    """Somebody else was faster: the row is newer than what the writer had read."""


class BadInput(HelpdeskError, code="bad_input", status=422):
    """The input has the wrong shape; `errors` says of which fields."""


class TooLarge(BadInput, code="too_large", status=413):
    """More bytes than we take."""


class NotSignedIn(HelpdeskError, code="not_signed_in", status=401):
    """Nobody is signed in, or the token is unknown."""


class NotAllowed(HelpdeskError, code="not_allowed", status=403):
    """The person is known and may not do this."""


class NotFound(HelpdeskError, code="not_found", status=404):
    """It does not exist, or the reader may not know that it does."""


class TooMany(HelpdeskError, code="too_many", status=429):
    """A rate limit was reached; `retry_after` says for how long."""


class Busy(HelpdeskError, code="busy", status=503):
    """The database or another part can't answer now; nothing was stored and a retry is safe."""

    retry_after = 2


def bad_fields(**errors: str) -> BadInput:
    """What is raised when some fields are wrong: each has its own sentence."""
    return BadInput(N_("Some fields need another look."), errors=errors)


def bad_field(name: str, sentence: str) -> BadInput:
    """What is raised when one field is wrong, and its sentence says all there is to say."""
    return BadInput(sentence, errors={name: sentence})


def refuse(errors: Mapping[str, str]) -> None:
    """Raise bad_fields() when there are errors."""
    if errors:
        raise bad_fields(**errors)
