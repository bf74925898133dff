"""Commands -> actions of the manager. What came of a command is written on its row."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from helpdesk.calls import commands, registry
from helpdesk.channels.phone.asterisk import members
from helpdesk.channels.phone.asterisk.ami import Client, Denied, Gone, Message, dialled
from helpdesk.channels.phone.asterisk.reading import (
    DIALLING,
    RANG_OUT,
    SPYING,
    UNREACHED,
    line_of,
)
from helpdesk.channels.phone.asterisk.tracking import Tracker
from helpdesk.settings import Phone

log = logging.getLogger(__name__)
Data = dict[str, Any]
ASKED = "hd-cmd-"
WORD_COMES = 0.5  # seconds
RINGS = 30_000  # milliseconds for which an agent's telephone rings before the other party is called
REASONS = {"3": RANG_OUT, "5": "busy", "8": "unavailable"}
SPIES = {"listen": "q", "whisper": "qw", "barge": "qB"}
DOWN = "phones are down"
NOT_IN_CALL = "not in this call"
NO_HOLD = "this telephone can't be held from here"


class Carrier:
    """Carries out what commands ask, over one connection."""

    def __init__(self, client: Client, phone: Phone, tracker: Tracker) -> None:
        self.client, self.phone, self.tracker = client, phone, tracker
        self._unreached: dict[str, str] = {}  # why a channel of ours was not answered, by its name
        self._unsaid: dict[int, float] = {}  # commands that failed, and until when we wait for why

    def carry(self, id_: int, verb: str, data: Data) -> None:
        """Do it, and say what came of it; a call that we make is known later. Raises Gone."""
        try:
            known = VERBS[verb](self, id_, data)
        except (Denied, KeyError) as no:
            log.warning("The exchange refused %s: %s", verb, no)
            commands.finish(id_, str(no), failed=True)
        except Gone:
            commands.finish(id_, DOWN, failed=True)
            raise
        else:
            if known:
                commands.finish(id_)

    def hear(self, message: Message) -> None:
        """What is told of calls that we asked for."""
        there, word = message.get("DestUniqueid", ""), UNREACHED.get(message.get("DialStatus", ""))
        if message.get("Event") == "DialEnd" and there.startswith((DIALLING, SPYING)) and word:
            self._unreached[there] = word
            self.settle()
        asked = message.get("ActionID", "")
        if message.get("Event") != "OriginateResponse" or not asked.startswith(ASKED):
            return
        id_, reason = int(asked.removeprefix(ASKED)), REASONS.get(message.get("Reason", ""))
        if message.get("Response") == "Success":
            self._why(id_)
            commands.finish(id_)
        elif reason:
            self._why(id_)
            commands.finish(id_, reason, failed=True)
        else:
            self._unsaid[id_] = time.monotonic() + WORD_COMES
            self.settle()

    def _why(self, id_: int) -> str:
        """What the end of its dialling has told, which is forgotten."""
        return "".join(self._unreached.pop(f"{name}{id_}", "") for name in (DIALLING, SPYING))

    @property
    def waits(self) -> bool:
        """Whether there is something to settle()."""
        return bool(self._unsaid)

    def settle(self, ends: bool = False) -> None:
        """Finish what failed: the exchange tells of the end of dialling before that, or just after it, or
        never where no telephone is signed on. `ends`: nothing more will be told."""
        at = time.monotonic()
        for id_, until in list(self._unsaid.items()):
            why = self._why(id_)
            if why or ends or at > until:
                commands.finish(id_, why or "unavailable", failed=True)
                del self._unsaid[id_]

    def interface(self, line: str) -> str:
        """The telephone of an extension."""
        return self.phone.lines.format(dialled(line) if line.isdecimal() else line)

    def _originate(self, id_: int, data: Data) -> bool:
        to, channel = dialled(data["to"]), f"{DIALLING}{id_}"
        self.tracker.expected[channel] = {"to": to, "ticket": data.get("ticket", "")}
        into = {"Context": self.phone.context, "Exten": to, "Priority": 1}
        self._ring(id_, channel, data["line"], CallerID=f"<{to}>", **into)
        return False

    def _spy(self, id_: int, data: Data) -> bool:
        over = f"{self.interface(data['to'])},{SPIES[data['how']]}"
        self._ring(id_, f"{SPYING}{id_}", data["line"], Application="ChanSpy", Data=over)
        return False

    def _ring(self, id_: int, channel: str, line: str, **more: object) -> None:
        known = {"Channel": self.interface(line), "ChannelId": channel, "Async": "true"}
        asked = f"{ASKED}{id_}"
        self.client.act("Originate", ActionID=asked, Timeout=RINGS, **known, **more)

    def _legs(self, data: Data) -> list[Message]:
        """The channels of a call that are there now."""
        found = self.client.list("CoreShowChannels")
        return [each for each in found if each.get("Linkedid") == data["call"]]

    def _leg(self, data: Data) -> str:
        """The agent's channel in the call. Raises Denied where there is none."""
        mine = [each["Channel"] for each in self._legs(data)]
        found = next((each for each in mine if line_of(each) == data["line"]), None)
        if found is None:
            raise Denied(NOT_IN_CALL)
        return found

    def _hangup(self, _id: int, data: Data) -> bool:
        self.client.act("Hangup", Channel=self._leg(data), Cause=16)
        return True

    def _hold(self, _id: int, data: Data, word: str = "hold") -> bool:
        """The telephone itself is asked to: only then its lamp and the exchange say the same."""
        try:
            self.client.act("PJSIPNotify", Channel=self._leg(data), Variable=f"Event={word}")
        except Denied as no:
            raise Denied(str(no) if str(no) == NOT_IN_CALL else NO_HOLD) from no
        return True

    def _unhold(self, id_: int, data: Data) -> bool:
        return self._hold(id_, data, "talk")

    def _hand_on(self, _id: int, data: Data, action: str = "BlindTransfer") -> bool:
        to = dialled(data["to"])
        self.client.act(action, Channel=self._leg(data), Context=self.phone.context, Exten=to)
        return True

    def _hand_over(self, id_: int, data: Data) -> bool:
        return self._hand_on(id_, data, "Atxfer")

    def _add(self, _id: int, data: Data) -> bool:
        line = data["line"]
        place = members.Place(line, line, data["queue"], True, int(data.get("penalty", 0)))
        name, values = members.adding(self.interface(line), place, None)
        try:
            self.client.act(name, **values)
        except Denied as no:
            if "already there" not in str(no).lower():
                raise
        return True

    def _remove(self, _id: int, data: Data) -> bool:
        place = {"Queue": data["queue"], "Interface": self.interface(data["line"])}
        try:
            self.client.act("QueueRemove", **place)
        except Denied as no:
            if "not there" not in str(no).lower():
                raise
        return True

    def _pause(self, _id: int, data: Data) -> bool:
        name, values = members.pausing(self.interface(data["line"]), data.get("reason", ""))
        self.client.act(name, **values)
        return True

    def _record_pause(self, _id: int, data: Data) -> bool:
        """What records hangs on the first channel of a call."""
        first = [each["Channel"] for each in self._legs(data) if each["Uniqueid"] == data["call"]]
        if not first:
            raise Denied(NOT_IN_CALL)
        on = 1 if data.get("on") else 0
        self.client.act("MixMonitorMute", Channel=first[0], Direction="both", State=on)
        return True


VERBS: dict[str, Callable[[Carrier, int, Data], bool]] = {
    "originate": Carrier._originate,
    "hangup": Carrier._hangup,
    "hold": Carrier._hold,
    "unhold": Carrier._unhold,
    "transfer_blind": Carrier._hand_on,
    "transfer_attended": Carrier._hand_over,
    "member_add": Carrier._add,
    "member_remove": Carrier._remove,
    "member_pause": Carrier._pause,
    "spy": Carrier._spy,
    "record_pause": Carrier._record_pause,
}
registry.register(
    registry.Adapter("asterisk", "Asterisk", frozenset(registry.Can) - {registry.Can.ANSWER})
)
