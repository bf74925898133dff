"""The domain check: what the DNS says, in plain sentences; a silent DNS breaks nothing."""

from __future__ import annotations

import dataclasses
import socketserver
import threading
from collections.abc import Iterator

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.channels.email.boxes import domain
from helpdesk.core.db import transaction
from helpdesk.notify.mail.mailboxes import Mailbox
from helpdesk.settings import SettingsError, load, settings
from tests.help import factories as make


class Names(socketserver.ThreadingUDPServer):
    """A small real DNS server: `texts` are name -> TXT records; when silent, it never answers."""

    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.texts: dict[str, list[str]] = {}
        self.silent = False
        self.asked: list[str] = []
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()


class _Answer(socketserver.BaseRequestHandler):
    server: Names

    def handle(self) -> None:
        raw, line = self.request
        query = dns.message.from_wire(raw)
        name = query.question[0].name
        self.server.asked.append(name.to_text(omit_final_dot=True))
        if self.server.silent:
            return
        answer = dns.message.make_response(query)
        found = self.server.texts.get(name.to_text(omit_final_dot=True), [])
        if found:
            quoted = ['"' + text + '"' for text in found]
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", *quoted))
        else:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        line.sendto(answer.to_wire(), self.client_address)


@pytest.fixture
def names(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Names]:
    with Names() as running:
        address = f"127.0.0.1:{running.server_address[1]}"
        pointed = dataclasses.replace(settings(), dns_server=address)
        monkeypatch.setattr(domain, "settings", lambda: pointed)
        yield running
        running.shutdown()


def checked(address: str = "support@shop.example.com", selector: str = "") -> dict[str, str]:
    """The state of each record."""
    with transaction() as session:
        box = Mailbox(name=address, address=address, kind="smtp")
        session.add(box)
    admin = make.agent(role="admin").actor
    found = domain.check(admin, box.id, selector)
    return {name: each.state for name, each in found.items()}


def test_a_domain_in_order_is_called_so(names: Names) -> None:
    names.texts = {
        "shop.example.com": ["other=1", "v=spf1 include:_spf.example.net ~all"],
        "selector2._domainkey.shop.example.com": ["v=DKIM1; k=rsa; p=MIGf"],
        "_dmarc.example.com": ["v=DMARC1; p=none; sp=reject"],
    }
    assert checked() == {"SPF": "good", "DKIM": "good", "DMARC": "good"}


def test_a_domain_without_records_is_told_what_to_add(names: Names) -> None:
    assert checked() == {"SPF": "bad", "DKIM": "unknown", "DMARC": "bad"}
    assert "_dmarc.example.com" in names.asked and "_dmarc.com" not in names.asked


@pytest.mark.parametrize(
    ("records", "state"),
    [
        (["v=spf1 -all"], "good"),
        (["v=spf1 redirect=_spf.example.net"], "good"),
        (["v=spf1 mx"], "weak"),
        (["v=spf1 mx ?all"], "weak"),
        (["v=spf1 +all"], "bad"),
        (["v=spf1 -all", "v=spf1 mx -all"], "bad"),
        (["v=spf1 " + " ".join(f"include:{n}.example" for n in range(11)) + " -all"], "bad"),
        (["v=spf10 -all"], "bad"),
    ],
)
def test_what_receivers_make_of_an_spf_record(names: Names, records: list[str], state: str) -> None:
    names.texts = {"shop.example.com": records}
    assert checked()["SPF"] == state


@pytest.mark.parametrize(
    ("record", "state"),
    [("v=DKIM1; p=", "bad"), ("v=DKIM1; t=y; p=MIGf", "weak"), ("p=MIGf", "good"), ("", "bad")],
)
def test_a_key_under_a_given_name_is_looked_at(names: Names, record: str, state: str) -> None:
    names.texts = {"mine._domainkey.shop.example.com": [record] if record else []}
    assert checked(selector="mine")["DKIM"] == state


@pytest.mark.parametrize(("policy", "state"), [("none", "weak"), ("quarantine", "good")])
def test_a_policy_that_only_reports_could_be_better(names: Names, policy: str, state: str) -> None:
    names.texts = {"_dmarc.shop.example.com": [f"v=DMARC1; p={policy}"]}
    assert checked()["DMARC"] == state


def test_a_silent_dns_is_told_as_such_and_holds_nobody_for_long(
    names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(domain, "ONE", 0.2)
    names.silent = True
    assert set(checked().values()) == {"unknown"}
    assert len(set(names.asked)) == 3  # after the first silence nobody asks for the next keys


def test_the_page_asks_only_when_the_button_is_pressed(names: Names, client: FlaskClient) -> None:
    with transaction() as session:
        box = Mailbox(name="support", address="support@shop.example.com", kind="smtp")
        session.add(box)
    make.sign_in(client, make.agent(role="admin"))
    assert "Check its domain" in client.get(f"/admin/mailboxes/{box.id}").get_data(as_text=True)
    assert names.asked == []
    names.texts = {"shop.example.com": ["v=spf1 -all <script>"]}
    page = client.post(f"/admin/mailboxes/{box.id}/domain").get_data(as_text=True)
    assert "v=spf1 -all &lt;script&gt;" in page and "_dmarc" in page


def test_an_odd_name_server_refuses_to_start(tmp_path: object) -> None:
    with pytest.raises(SettingsError):
        load({"HELPDESK_INSTANCE": str(tmp_path), "HELPDESK_DNS_SERVER": "ns.example.com"})
