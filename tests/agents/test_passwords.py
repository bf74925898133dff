"""ASVS 6.2: length, the common ones, no rules of composition, how they are kept."""

from __future__ import annotations

import pytest

from helpdesk.agents import passwords


@pytest.mark.parametrize(
    "good", ["correct horse", "八个字的长密码好", "a" * 60 + "bcdef", "xK3 9vq!"]
)
def test_any_long_enough_text_will_do(good: str) -> None:
    assert passwords.problem(good) == ""


@pytest.mark.parametrize("short", ["", "seven77", "密码"])
def test_less_than_eight_characters_are_refused(short: str) -> None:
    assert "at least 8" in passwords.problem(short)


def test_more_than_128_characters_are_refused() -> None:
    assert "128" in passwords.problem("long words " * 20)


@pytest.mark.parametrize(
    "common",
    ["password", "Password123!", "12345678", "87654321", "aaaaaaaa", "abababab", "WOAINI1314"],
)
def test_the_commonest_and_simple_patterns_are_refused(common: str) -> None:
    assert "guessed" in passwords.problem(common)


def test_full_width_digits_do_not_hide_a_common_password() -> None:
    assert passwords.problem("１２３４５６７８")


def test_ones_own_name_and_mail_address_are_refused() -> None:
    assert passwords.problem("Zhang.Wei", "Zhang Wei", "zhang.wei@example.com")
    assert passwords.problem("zhang.wei@example.com", "Zhang Wei", "zhang.wei@example.com")


def test_the_list_of_common_ones_has_at_least_two_hundred() -> None:
    assert len(passwords._common()) >= 200


@pytest.mark.usefixtures("dear_passwords")
def test_a_kept_password_is_salted_scrypt_and_fits_only_itself() -> None:
    """At the least cost of OWASP's password storage cheat sheet (ASVS 5.0, 11.4.2)."""
    one, two = passwords.hashed("correct horse"), passwords.hashed("correct horse")
    assert one.startswith("scrypt:32768:8:3$") and one != two
    assert passwords.fits(one, "correct horse")
    assert not passwords.fits(one, "correct horsf")


def test_the_width_that_an_input_method_typed_does_not_matter() -> None:
    assert passwords.fits(passwords.hashed("pass７word８８"), "pass7word88")


def test_nothing_fits_where_nothing_is_kept() -> None:
    assert not passwords.fits("", "nobody has this password")
