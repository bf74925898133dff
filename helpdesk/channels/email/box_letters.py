"""A test mail to oneself through a mailbox: whether what we send is really taken."""

from __future__ import annotations

from helpdesk.agents.rights import Actor
from helpdesk.channels.email import boxes
from helpdesk.i18n import N_, gettext
from helpdesk.notify.letters import to_oneself

TAKEN = N_("The server took the test mail for %(to)s; it should be there in a minute.")
NOT_TAKEN = N_("The test mail was not taken.")
NO_SERVER = N_("There is no server for sending: fill one in, or set one for all.")


def send_test(who: Actor, box_id: int, to: str) -> tuple[bool, str]:
    """Send it now: (was it taken, what to tell). Raises NotAllowed or NotFound."""
    box = boxes.found(who, box_id)
    subject = gettext("Test mail of %(address)s", address=box.address)
    ended = to_oneself(to, box.name, subject, address=box.address)
    if ended.state == "kept":
        return False, gettext(NO_SERVER)
    if ended.state == "sent":
        return True, gettext(TAKEN, to=to)
    return False, f"{gettext(NOT_TAKEN)} ({ended.words})"
