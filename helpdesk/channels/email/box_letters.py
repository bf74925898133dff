"""A test mail to oneself through a mailbox: whether what we send is really taken."""

from __future__ import annotations

from email.utils import make_msgid

from helpdesk.agents.rights import Actor
from helpdesk.channels.email import boxes
from helpdesk.clock import now
from helpdesk.errors import HelpdeskError
from helpdesk.i18n import N_, gettext
from helpdesk.notify.mail.mime import message_of, sender_of, server_for
from helpdesk.notify.mail.smtp import hand_over
from helpdesk.notify.models import Envelope

TAKEN = N_("The server took the test mail for %(to)s; it should be there in a minute.")
NOT_TAKEN = N_("The test mail was not taken.")
NO_SERVER = N_("There is no server for sending: fill one in, or set one for all.")


def send_test(who: Actor, box_id: int, to: str) -> tuple[bool, str]:
    """Send it now: (was it taken, what to tell). Raises NotAllowed or NotFound."""
    box = boxes.found(who, box_id)
    letter = Envelope(
        event_seq=0,
        purpose="test",
        recipient=to,
        mailbox=box.name,
        message_id=make_msgid(domain=box.address.rpartition("@")[2]),
        subject=gettext("Test mail of %(address)s", address=box.address),
        body=gettext("Sending through %(address)s works.", address=box.address) + "\n",
        automatic=True,
        made_at=now(),
    )
    try:
        server = server_for(letter)
        if server is None:
            return False, gettext(NO_SERVER)
        ended = hand_over(server, sender_of(letter), to, message_of(letter))
    except (HelpdeskError, OSError, ValueError) as error:
        return False, f"{gettext(NOT_TAKEN)} ({error})"
    if ended.state == "sent":
        return True, gettext(TAKEN, to=to)
    return False, f"{gettext(NOT_TAKEN)} ({ended.words})"
