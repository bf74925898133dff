"""A small company in which every secret has a word of its own, and everybody who might come upon it."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from helpdesk import files
from helpdesk.agents import tokens
from helpdesk.agents.models import Agent
from helpdesk.agents.rights import SYSTEM, Actor, Role
from helpdesk.calls import blocking, code_tree
from helpdesk.calls.models import Interaction, Recording
from helpdesk.channels.email.deciding.inbound import deliver
from helpdesk.core.db import db, transaction
from helpdesk.core.outbox import deliver_due
from helpdesk.customers.models import Person
from helpdesk.customers.people import Asker
from helpdesk.notices import actions as notices
from helpdesk.notices.queries import slug
from helpdesk.notify.mail import mime
from helpdesk.notify.mail.mailboxes import Mailbox
from helpdesk.notify.models import Envelope
from helpdesk.settings import settings
from helpdesk.tickets import actions, mail_ids, tracking
from helpdesk.tickets.models import Attachment, Message, Ticket
from tests.help import articles as samples
from tests.help import factories as make
from tests.help import telephone
from tests.help.mails import bounce

PLAIN = Asker(name="Ottoline Plainname", phone="13900553301", email="ottoline@plain.example")
SEALED = Asker(name="Quillon Sealedname", phone="13900774411", email="quillon@sealed.example")
HTML = "<p>As written</p>"
TOTP = "JBSWY3DPEHPK3PXPTOTPSECRET"


@dataclass(frozen=True)
class Case:
    """What the doors need to know of a ticket; rows don't outlive a request."""

    id: int
    number: str
    person_id: int
    code: str
    judging: str  # what stands behind the code in the customer's own link


@dataclass(frozen=True)
class Colleague:
    """The same of a person."""

    id: int
    email: str
    role: str
    department_id: int | None
    actor: Actor


@dataclass
class World:
    """The company by names; `markers` are the words by which each secret is known."""

    app: Flask
    tickets: dict[str, Case] = field(default_factory=dict)
    notices: dict[str, str] = field(default_factory=dict)
    articles: tuple[str, ...] = ("open", "inside", "unfinished")
    people: dict[str, Colleague] = field(default_factory=dict)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    markers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    mail_ids: list[int] = field(default_factory=list)
    calls: list[int] = field(default_factory=list)
    recordings: list[int] = field(default_factory=list)
    seq: int = 0

    def browser(self, who: str) -> FlaskClient:
        """The browser of a colleague, of the customer, or of nobody."""
        client = self.app.test_client()
        if who in self.people:
            return make.sign_in(client, db.session.get_one(Agent, self.people[who].id))
        if who == "customer":
            client.get(f"/track/{self.tickets['own'].number}/{self.tickets['own'].code}")
        return client


def secrets(ticket: Ticket) -> tuple[str, str]:
    """The code of a case, and what the customer's own link has beside it."""
    code = tracking.secret(ticket, settings().secret_key)
    return code, tracking.own_secret(ticket, settings().secret_key).removeprefix(code)


def text_file(name: str, words: str) -> tuple[files.StoredFile, ...]:
    return (files.store_upload(FileStorage(io.BytesIO(words.encode()), name)),)


def build(app: Flask) -> World:
    """Everything, made by the verbs."""
    world = World(app)
    _people(world)
    _cases(world)
    _beside(world)
    _called(world)
    _returned(world)
    _tokens(world)
    world.markers = _markers(world)
    db.session.commit()
    return world


def _people(world: World) -> None:
    quality = make.department()
    logistics = make.department("logistics", "物流部", "Logistics")
    lab = make.department("lab", "实验室", "Laboratory")
    people = {
        "agent": make.agent("Zhang Wei"),
        "handler": make.agent("Li Na", "handler", quality),
        "lead": make.agent("Tao Lin", "handler", quality, leads=True),
        "elsewhere": make.agent("Sun Lei", "handler", logistics),
        "assisting": make.agent("Ma Chao", "handler", lab),
        "supervisor": make.agent("Chen Jie", "supervisor"),
        "admin": make.agent("Admin One", "admin"),
        "auditor": make.agent("Wu Di", "auditor"),
    }
    world.people = {
        name: Colleague(each.id, each.email, each.role, each.department_id, each.actor)
        for name, each in people.items()
    }
    with transaction() as session:
        session.get_one(Agent, world.people["auditor"].id).totp_secret = TOTP


def _cases(world: World) -> None:
    boss = world.people["supervisor"].actor
    units = {
        name: world.people[name].department_id for name in ("handler", "elsewhere", "assisting")
    }
    own = _case(world, "own", units["handler"], person=PLAIN, subject="OWNSUBJECT leaks")
    actions.note(own, by=boss, body="OWNNOTE", files=text_file("inside.txt", "OWNFILE"))
    sealed = _case(
        world, "sealed", units["handler"], person=SEALED, subject="SEALEDSUBJECT", confidential=True
    )
    actions.note(sealed, by=boss, body="SEALEDNOTE")
    actions.send_message(sealed, by=boss, body="We look into it.")
    for case, asker in ((own, PLAIN), (sealed, SEALED)):
        _mail(case, asker)
    actions.add_assist(sealed, by=boss, department_id=units["assisting"], task="Look at the seal")
    _case(world, "foreign", units["elsewhere"], subject="FOREIGNSUBJECT")
    _keep(world, "desk", make.ticket(subject="DESKSUBJECT", person=Asker(name="Somebody")))


def _keep(world: World, name: str, ticket: Ticket) -> Ticket:
    world.tickets[name] = Case(ticket.id, ticket.number, ticket.person_id, *secrets(ticket))
    return ticket


def _case(world: World, name: str, unit: int | None, **more: Any) -> Ticket:
    person = more.setdefault("person", Asker(name="Somebody Else"))
    by = Actor("customer", None, person.name, Role.CUSTOMER)
    boss = world.people["supervisor"].actor
    ticket = make.ticket(by, **more)
    actions.accept(ticket, by=boss)
    actions.dispatch(ticket, by=boss, department_id=unit or 0)
    return _keep(world, name, ticket)


def _mail(case: Ticket, asker: Asker) -> None:
    """The customer writes by mail, with a signature and our own letter under it."""
    by = Actor("customer", None, asker.name, Role.CUSTOMER)
    link = tracking.own_url(case, settings().secret_key, settings().base_url)
    quoted = f"{asker.name} <{asker.email}> {asker.phone}\n> Your case: {link}"
    actions.add_customer_message(
        case,
        by=by,
        body="It is urgent.",
        channel="email",
        quoted=quoted,
        html=f"{HTML}{asker.name} <a href='{link}'>{link}</a>",
        mail={"known_as": asker.email, "to": [asker.email], "proof": "none"},
    )
    actions.urge(case, by=by)


def _beside(world: World) -> None:
    boss, unit = world.people["supervisor"].actor, world.people["handler"].department_id or 0
    own = db.session.get_one(Ticket, world.tickets["own"].id)
    texts = {"problem": "No record of the leak test.", "requirement": "Repeat the leak test."}
    draft = notices.draft(by=boss, department_id=unit, ticket=own, title="DRAFTNOTICE", **texts)
    issued = notices.draft(by=boss, department_id=unit, ticket=own, title="ISSUEDNOTICE", **texts)
    notices.approve(issued, by=boss)
    notices.issue(issued, by=boss)
    world.notices = {"draft": slug(draft), "issued": slug(issued)}
    states = (("public", "published"), ("internal", "published"), ("public", "draft"))
    for name, (who, state) in zip(world.articles, states, strict=True):
        title = f"KB{name.upper()}"
        samples.article(code=name, visibility=who, state=state, title_en=title)
    ours = mail_ids.mail_id(own.number, "e1", settings().secret_key, "localhost")
    raw = f"From: eve@else.example\nSubject: hello\nIn-Reply-To: {ours}\n\nHELDMAIL words\n"
    world.mail_ids.append(deliver(raw.encode()).id)
    make.rule("Fridges of the house", make.department(), words="冰箱漏氟")
    with transaction() as session:
        session.add(Mailbox(name="other", address="other@example.com", active=False))
        person = session.get_one(Person, world.tickets["own"].person_id)
        person.note = "REMARKONPERSON"


def _called(world: World) -> None:
    """The customers of both cases called about them, and were answered."""
    for name, asker in (("own", PLAIN), ("sealed", SEALED)):
        said = telephone.answered(world.people["agent"].email, f"call-{name}")
        said[0]["from"] = asker.phone
        [call_id] = telephone.take(*said).calls
        world.calls.append(call_id)
        with transaction() as session:
            [talk] = session.scalars(select(Interaction).where(Interaction.call_id == call_id))
            talk.ticket_id = world.tickets[name].id
            heard = files.store(b"RIFF    WAVE RECORDEDSOUND", "call.wav", "audio/wav")
            session.add(file := Attachment.of(heard))
            session.flush()
            row = Recording(call_id=call_id, seq=1, url="x", at=talk.began_at, state="kept")
            row.attachment_id = file.id
            session.add(row)
            session.flush()
            world.recordings.append(row.id)
    admin = world.people["admin"].actor
    code_tree.save(None, code_tree.Code("billing", "账单", "Billing"), admin)
    blocking.save(None, blocking.Blocked("13900990099", "Threats"), admin)


def _returned(world: World) -> None:
    """Our letters go out; those of the sealed case come back whole, and one of the other's is quoted
    in an answer, and comes along with it."""
    deliver_due(limit=500)
    for letter in _letters(world.tickets["sealed"]):
        back = bounce(letter.message_id, str(SEALED.email), whole=mime.message_of(letter))
        world.mail_ids.append(deliver(back).id)
    receipt = _letters(world.tickets["own"])[0]
    quoted = "\n".join(f"> {line}" for line in receipt.body.splitlines())
    answer, along = EmailMessage(), mime.message_of(receipt)
    del along["To"]
    answer["From"], answer["To"] = f"{PLAIN.name} <{PLAIN.email}>", settings().mail_from
    answer["Subject"], answer["In-Reply-To"] = "Re: your case", receipt.message_id
    answer.set_content(f"Thank you.\n\n{quoted}\n", cte="base64")
    answer.add_attachment(along)
    world.mail_ids.append(deliver(answer.as_bytes()).id)


def _letters(case: Case) -> Sequence[Envelope]:
    """What was mailed to the customer of a case, with their own link."""
    mine = (Envelope.ticket_id == case.id) & Envelope.internal.is_(False)
    return db.session.scalars(select(Envelope).where(mine).order_by(Envelope.id)).all()


def _tokens(world: World) -> None:
    for who, agent in world.people.items():
        _row, text = tokens.add(f"of {who}", agent.role, SYSTEM, agent.department_id)
        world.headers[who] = {"Authorization": f"Bearer {text}"}


def _markers(world: World) -> dict[str, tuple[str, ...]]:
    own, sealed = world.tickets["own"], world.tickets["sealed"]
    return {
        "own name": ("Plainname",),
        "own address": ("13900553301", "plain.example"),
        "own note": ("OWNNOTE", "OWNFILE"),
        "own code": (own.code,),
        "own link": (own.judging,),
        "remark": ("REMARKONPERSON",),
        "sealed name": ("Sealedname",),
        "sealed address": ("13900774411", "sealed.example"),
        "sealed words": ("SEALEDSUBJECT",),
        "sealed note": ("SEALEDNOTE",),
        "sealed code": (sealed.code, sealed.judging),
        "foreign": ("FOREIGNSUBJECT", world.tickets["foreign"].number),
        "at the desk": ("DESKSUBJECT", world.tickets["desk"].number),
        "draft": ("DRAFTNOTICE",),
        "kb inside": ("KBINSIDE",),
        "kb unfinished": ("KBUNFINISHED",),
        "held mail": ("HELDMAIL",),
        "totp": (TOTP,),
        "sound": ("RECORDEDSOUND",),
    }


def found(text: str, world: World) -> set[str]:
    """The secrets whose words stand in a text, however a number is spaced."""
    squeezed = text.replace(" ", "").replace("-", "").replace("\N{EN SPACE}", "")
    return {
        name
        for name, words in world.markers.items()
        if any(word in text or word.replace("-", "") in squeezed for word in words)
    }


def html_messages(world: World) -> list[tuple[str, int]]:
    """Number and id of every mail that has its own HTML."""
    query = select(Ticket.number, Message.id).join(Ticket, Ticket.id == Message.ticket_id)
    return [(number, id_) for number, id_ in db.session.execute(query.where(Message.html != ""))]


def file_keys(world: World) -> list[str]:
    """The keys of every attachment."""
    return list(db.session.scalars(select(Attachment.key)))


def as_text(answer: Any) -> str:
    """Whatever a door says, with what stands in its headers, as one text."""
    if hasattr(answer, "headers"):
        heads = "\n".join(f"{name}: {value}" for name, value in answer.headers)
        return f"{heads}\n{answer.get_data(as_text=True)}"
    return json.dumps(answer, ensure_ascii=False, default=str)
