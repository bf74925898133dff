"""Real and odd mails of other projects, where they lie beside ours."""

import json
import time
from pathlib import Path

import pytest

from benchmarks import mail_score
from helpdesk.channels.email.reading.parser import Unreadable, parse

PLACES = [folder / "shared" / "fixtures" / "email" for folder in Path(__file__).resolve().parents]
FIXTURES = next((place for place in PLACES if place.is_dir()), PLACES[0])
NO_MAILS = {".json", ".yml", ".md"}

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(
        not FIXTURES.is_dir(), reason="the shared mails do not lie beside this project"
    ),
]


def all_mails() -> list[Path]:
    found = (path for path in FIXTURES.rglob("*") if path.is_file())
    return sorted(path for path in found if path.suffix not in NO_MAILS and path.stat().st_size)


def test_no_real_mail_raises_or_takes_two_seconds():
    troubles = []
    for path in all_mails():
        start = time.process_time()
        try:
            json.dumps(parse(path.read_bytes()).as_json())
        except Unreadable as refused:
            troubles.append(f"{path.name}: {str(refused)}")
        if time.process_time() - start > 20:
            troubles.append(f"{path.name}: slow")
    assert troubles == []
    assert len(all_mails()) > 500


def share(judged: list[bool]) -> float:
    assert len(judged) > 10
    return 100 * sum(judged) / len(judged)


def test_subject_sender_words_and_files_of_real_mails_are_read_right():
    """97 % of all parts, 85 % of the mails in every part."""
    results = [right for _name, right in mail_score.zammad(FIXTURES / "zammad")]
    assert share([part for right in results for part in right.values()]) >= 97
    assert share([all(right.values()) for right in results]) >= 85


@pytest.mark.parametrize(
    ("folder", "least"), [("discourse-email-reply-trimmer", 75), ("own-chinese-replies", 100)]
)
def test_the_new_part_of_real_replies_is_found(folder, least):
    """Every Chinese form, and three quarters of all others."""
    assert share([right for _name, right in mail_score.replies(FIXTURES / folder)]) >= least


@pytest.mark.parametrize(("part", "least"), [("bounce", 92), ("kind", 85), ("code", 85)])
def test_real_reports_are_told_apart_with_their_codes(part, least):
    """A bounce or not, a dead address or not, and the code of RFC 3463."""
    results = [right for _name, right in mail_score.reports(FIXTURES / "sisimai")]
    assert share([right[part] for right in results if part in right]) >= least


def test_every_winmail_is_unpacked_with_the_right_names():
    """11 of 11."""
    assert share([right for _name, right in mail_score.wrapped(FIXTURES / "tnefparse")]) == 100
