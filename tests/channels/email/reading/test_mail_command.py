"""`flask mail parse` prints what the contract names, from a file or from standard input."""

import json

from click.testing import CliRunner

from helpdesk.channels.email.cli import mail

RAW = (
    "From: =?utf-8?B?546L6Iqz?= <wang@a.example>\r\nTo: desk@b.example, Ann <ann@b.example>\r\n"
    "Cc: c@b.example\r\nSubject: =?gb2312?B?sfnP5A==?=\r\nMessage-ID: <2@a.example>\r\n"
    "In-Reply-To: <1@b.example>\r\nReferences: <0@b.example> <1@b.example>\r\n"
    "Content-Type: multipart/mixed; boundary=x\r\n\r\n"
    "--x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n还是坏的\r\n\r\n"
    "On 1 Nov 2026 at 9:30, Desk <desk@b.example> wrote:\r\n> Is it repaired?\r\n"
    "--x\r\nContent-Type: image/png; name=lamp.png\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    "iVBORw0K\r\n--x--\r\n"
).encode()
CONTRACT = {
    "from_email": "wang@a.example",
    "from_name": "王芳",
    "to": ["desk@b.example", "ann@b.example"],
    "cc": ["c@b.example"],
    "subject": "冰箱",
    "html": None,
    "message_id": "2@a.example",
    "in_reply_to": "1@b.example",
    "references": ["0@b.example", "1@b.example"],
    "auto_submitted": False,
    "reply_text": "还是坏的",
}


def printed(*arguments: str, given: bytes | None = None) -> dict:
    done = CliRunner().invoke(mail, ["parse", *arguments], input=given)
    assert done.exit_code == 0, done.output
    assert done.output.count("\n") == 1
    return json.loads(done.output)


def test_every_name_of_the_contract_is_there_with_its_value():
    found = printed(given=RAW)
    assert {name: found[name] for name in CONTRACT} == CONTRACT
    assert "> Is it repaired?" in found["text"]
    (file,) = found["attachments"]
    assert (file["name"], file["mime"], file["size"]) == ("lamp.png", "image/png", 6)


def test_a_file_is_read_like_standard_input(tmp_path):
    (tmp_path / "one.eml").write_bytes(RAW)
    assert printed(str(tmp_path / "one.eml")) == printed(given=RAW)


def test_a_missing_file_and_an_empty_mail_are_said_in_one_line(tmp_path):
    for arguments, given in (([str(tmp_path / "none")], None), ([], b" \n")):
        done = CliRunner().invoke(mail, ["parse", *arguments], input=given)
        assert done.exit_code != 0 and "Traceback" not in done.output
