"""Telephone numbers as people write them: the number to dial, its extension, and what is none."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.core.errors import BadInput
from helpdesk.customers import people
from helpdesk.customers.addresses import read, shown
from helpdesk.customers.people import Asker
from helpdesk.customers.phones import MOST_WRITTEN, read_phone
from tests.help import factories as make

HANGZHOU = "+8657188886666"
CASE_24 = {
    "0571-88886666": (HANGZHOU, ""),
    "0571-88886666-801": (HANGZHOU, "801"),
    "0571-88886666转801": (HANGZHOU, "801"),
    "0571-88886666 ext. 801": (HANGZHOU, "801"),
    "+86 571 8888 6666 #801": (HANGZHOU, "801"),
    "(0571) 8888 6666 分机 801": (HANGZHOU, "801"),
    "+86 137 0000 1234 x12": ("+8613700001234", "12"),
    "+1-415-555-0132 ext 9": ("+14155550132", "9"),
    "400-810-8888转2": ("+864008108888", "2"),
}
BROTHERS = {
    "0571-88886666;ext=801": (HANGZHOU, "801"),
    "tel:+86-571-88886666;ext=801": (HANGZHOU, "801"),
    "0571 8888 6666 доб. 801": (HANGZHOU, "801"),
    "０５７１－８８８８６６６６－８０１": (HANGZHOU, "801"),
    "0571-88886666（转801）": (HANGZHOU, "801"),
    "0571-88886666 轉 801": (HANGZHOU, "801"),
    "0571-88886666 分機號：801": (HANGZHOU, "801"),
    "0571-88886666转801分机": (HANGZHOU, "801"),
    "0571—88886666—801": (HANGZHOU, "801"),
    "0571 88886666 801": (HANGZHOU, "801"),
    "0571-8888-6666-801": (HANGZHOU, "801"),
    "0571-88886666 EXTENSION: 801": (HANGZHOU, "801"),
    "0571-88886666,801": (HANGZHOU, "801"),
    "0571-88886666 内线801": (HANGZHOU, "801"),
    "139-1234-5678-12": ("+8613912345678", "12"),
    "400-810-8888-2": ("+864008108888", "2"),
    "88886666-801": ("+8688886666", "801"),
    "10086": ("10086", ""),
    "110": ("110", ""),
    "8001": ("8001", ""),
    "139/1234/5678": ("+8613912345678", ""),
    "+86 (0)571 8888 6666": (HANGZHOU, ""),
    "852 2345 6789": ("+8685223456789", ""),
}


@pytest.mark.parametrize(("written", "told"), (CASE_24 | BROTHERS).items())
def test_the_extension_is_kept_beside_the_number_and_never_glued_to_it(
    written: str, told: tuple[str, str]
) -> None:
    """Case 24-extension with its brothers."""
    assert read_phone(written) == told


def test_each_writing_of_case_24_extension_is_tried_here(shared: Path) -> None:
    given = (shared / "cases/24-extension/input.txt").read_text("utf-8")
    assert {each.strip() for each in given.split("|")} == set(CASE_24)


@pytest.mark.parametrize(
    "written",
    [
        "139", "13900", "+86 139", "wxid_1", "微信 wxid_123", "call 139 1234 5678",
        "139 1234 5678 王", "0571-88886666 x801y", "057188886666801", "+8657188886666801",
        "010-12345678/87654321", "0571-88886666/7", "139 1234 5678 139 1234 5679",
        "0571-88886666+801", "ⅻ", "x", "-", "+", "12", "0571-88886666 ext. 12345678", "1" * 16,
    ],
)  # fmt: skip
def test_what_is_no_telephone_number_is_refused_with_a_sentence(written: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_phone(written)
    assert "phone number" in refused.value.text


@pytest.mark.parametrize("piece", ["1", "-", "x", "转", ";ext=", " ", "1-", "分机分", "+"])
def test_a_long_hostile_number_costs_no_more_than_a_short_one(piece: str) -> None:
    """Whatever is repeated: what is longer than any number is not looked at."""
    hostile = piece * 200_000
    begin = time.perf_counter()
    with pytest.raises(BadInput):
        read_phone(hostile)
    assert time.perf_counter() - begin < 0.1
    assert len(hostile) > MOST_WRITTEN


def test_an_extension_is_shown_beside_the_number(app: Flask) -> None:
    address = read("phone", "0571-88886666转801")
    assert shown("phone", address.normal, address.extension) == "0571 8888 6666, ext. 801"


def test_click_to_call_dials_the_number_without_the_extension(client: FlaskClient) -> None:
    """Case 24-extension: on the case, on the customer's page, for the caller."""
    ticket = make.ticket(
        channel="phone", person=Asker(name="Liu", phone="0571-88886666转801"), proof=""
    )
    make.sign_in(client, make.agent())
    for path in (f"/tickets/{ticket.number}", f"/customers/{ticket.person_id}"):
        page = client.get(path).get_data(as_text=True)
        assert f'href="tel:{HANGZHOU}"' in page and "ext. 801" in page
        assert "88886666801" not in page
    caller = client.get("/phone/caller?phone=057188886666").get_data(as_text=True)
    assert "Liu" in caller and "ext. 801" in caller


def test_all_writings_with_one_extension_are_one_and_the_bare_number_offers_everybody(
    app: Flask,
) -> None:
    """Case 24-extension: a call from 057188886666 offers the people of that number."""
    first = make.ticket(person=Asker(name="A", phone="0571-88886666-801"), proof="").person_id
    second = make.ticket(person=Asker(name="B", phone="0571-88886666 ext 802"), proof="").person_id
    assert {person.id for person in people.find("057188886666")} == {first, second}
    for written in CASE_24:
        if CASE_24[written] == (HANGZHOU, "801"):
            assert people.find(written)[0].id == first
