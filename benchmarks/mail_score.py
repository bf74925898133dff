"""How well mails of other projects are read: `benchmarks/mail_score [FOLDER] [--all]`.

Prints one line per source. Each mail of the Zammad set counts five parts: it is read at all,
subject, sender, words, attachment names; the total is their mean. FOLDER holds the mails
(../shared/fixtures/email beside this checkout by default); --all names what is wrong.

A report's kind is right when both are: bounce or not, and whether the address is dead. Its code
is right when the same codes are found; where Sisimai made a code up (5.0.9xx: the server told
none) the class must agree, 4 for temporary and 5 for lasting.
"""

from __future__ import annotations

import difflib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.ruby_yaml import load
from helpdesk.channels.email.reading.html_text import html_to_text
from helpdesk.channels.email.reading.parser import ParsedMail, Unreadable, parse
from helpdesk.channels.email.reading.replies import new_words

PARTS = ("read", "subject", "from", "body", "attachments")
ALIKE = 0.9  # share of equal letters from which two bodies count as the same
SPEED_AIM = 300
NO_MAILS = {".json", ".yml", ".md"}


def read(path: Path) -> ParsedMail | None:
    """The mail, None when there is nothing in the file."""
    try:
        return parse(path.read_bytes())
    except Unreadable:
        return None


def zammad(folder: Path) -> Iterator[tuple[str, dict[str, bool]]]:
    """Which parts of each mail are as expected."""
    for path in sorted(folder.glob("*.yml")):
        expected = load(path.read_text("utf-8"))
        mail = read(path.with_suffix(".box"))
        if mail is None:
            yield path.name, dict.fromkeys(PARTS, False)
            continue
        yield (
            path.name,
            {
                "read": True,
                "subject": bare(mail.subject) == bare(str(expected.get("subject") or "")),
                "from": mail.from_email.lower() == (expected["from_email"] or "").lower(),
                "body": same_words(mail, expected),
                "attachments": sorted(a.name for a in mail.attachments) == expected_names(expected),
            },
        )


def bare(text: str) -> str:
    """The text without blanks: layout is not what counts."""
    return "".join(text.split())


def same_words(mail: ParsedMail, expected: dict[str, Any]) -> bool:
    """Whether the text, or the visible text of the HTML, has the expected words."""
    body = str(expected.get("body") or "")
    if body == "no visible content":
        return not bare(mail.text)
    wanted = bare(html_to_text(body) if expected["content_type"] == "text/html" else body)
    shown = bare(html_to_text(mail.html)) if mail.html else ""
    return max(likeness(wanted, bare(mail.text)), likeness(wanted, shown)) >= ALIKE


def likeness(one: str, other: str) -> float:
    """Share of equal letters in the first 3,000 of both."""
    if one == other:
        return 1.0
    return difflib.SequenceMatcher(None, one[:3_000], other[:3_000], False).ratio()


def expected_names(expected: dict[str, Any]) -> list[str]:
    """Names of real attachments: the copy of the HTML body that Zammad keeps is none."""
    files = expected.get("attachments") or []
    real = (each for each in files if not (each.get("preferences") or {}).get("original-format"))
    return sorted(each["filename"] for each in real)


def replies(folder: Path) -> Iterator[tuple[str, bool]]:
    """Whether the new words of each reply are cut out right."""
    for path in sorted((folder / "emails").glob("*.txt")):
        wanted = (folder / "trimmed" / path.name).read_text("utf-8")
        yield path.name, new_words(path.read_text("utf-8")).split() == wanted.split()


def reports(folder: Path) -> Iterator[tuple[str, dict[str, bool]]]:
    """Per report: bounce or not, automatic or not, its kind, its codes."""
    for name, facts in json.loads((folder / "expected.json").read_text("utf-8")).items():
        yield name, report_parts(read(folder / name), facts)


def report_parts(mail: ParsedMail | None, facts: dict[str, Any]) -> dict[str, bool]:
    """Which facts about a report are as expected; codes only for bounces."""
    failures = mail.report.failures if mail and mail.report else ()
    is_bounce = mail is not None and mail.is_bounce
    dead = any(each.dead for each in failures)
    right = {
        "bounce": is_bounce == facts["bounce"],
        "automatic": mail is not None and mail.auto_submitted == facts["auto"],
        "kind": is_bounce == facts["bounce"]
        and dead == (facts["bounce"] and any(facts["permanent"])),
    }
    if facts["bounce"]:
        found = {each.status for each in failures}
        right["code"] = {shown(code, found) for code in facts["status"]} == found
    return right


def shown(code: str, found: set[str]) -> str:
    """The code to be found: for a made-up one, any found code of its class."""
    numbers = code.split(".")
    made_up = len(numbers) == 3 and numbers[1] == "0" and len(numbers[2]) == 3
    alike = sorted(each for each in found if each[:1] == code[:1])
    return alike[0] if made_up and alike else code


def wrapped(folder: Path) -> Iterator[tuple[str, bool]]:
    """Whether the files inside each winmail.dat are found under their names."""
    for name, facts in json.loads((folder / "expected.json").read_text("utf-8")).items():
        head = b"Content-Type: application/ms-tnef; name=winmail.dat\n\n"
        mail = parse(head + (folder / name).read_bytes())
        names = sorted(each.name for each in mail.attachments[:-1])
        yield name, names == sorted(facts["attachments"])


def all_mails(folder: Path) -> list[Path]:
    """Every mail of every source."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix not in NO_MAILS)
    return sorted(path for path in files if path.stat().st_size)


def print_zammad(folder: Path, show_all: bool) -> None:
    results = list(zammad(folder))
    count = len(results)
    shares = {part: sum(right[part] for _, right in results) / count for part in PARTS}
    perfect = sum(all(right.values()) for _, right in results) / count
    parts = "  ".join(f"{part} {100 * share:.1f}" for part, share in shares.items())
    print(f"zammad     {count} mails: total {100 * sum(shares.values()) / len(PARTS):.1f}", end="")
    print(f" (aim 98), perfect {100 * perfect:.1f} % (aim 90): {parts}")
    print_wrong(results, show_all)


def print_replies(folder: Path, aim: str, show_all: bool) -> None:
    results = list(replies(folder))
    right = sum(is_right for _, is_right in results)
    print(f"replies    {folder.name}: {right} of {len(results)} right (aim {aim})")
    for name, is_right in results if show_all else []:
        if not is_right:
            print(f"           {name}")


def print_reports(folder: Path, show_all: bool) -> None:
    results = list(reports(folder))
    aims = {"bounce": "", "automatic": "", "kind": " (aim 92)", "code": " (aim 85)"}
    print(f"bounces    {len(results)} reports of Sisimai:", end="")
    for part, aim in aims.items():
        judged = [right[part] for _, right in results if part in right]
        print(f"  {part} {100 * sum(judged) / len(judged):.1f} %{aim}", end="")
    print()
    print_wrong(results, show_all)


def print_wrong(results: list[tuple[str, dict[str, bool]]], show_all: bool) -> None:
    for name, right in results if show_all else []:
        if not all(right.values()):
            print(f"           {name}: " + ", ".join(part for part in right if not right[part]))


def print_wrapped(folder: Path) -> None:
    results = list(wrapped(folder))
    print(
        f"winmail    {sum(right for _, right in results)} of {len(results)} unpacked right (aim all)"
    )


def print_speed(folder: Path) -> None:
    raws = [path.read_bytes() for path in all_mails(folder)]
    slowest = 0.0
    begin = perf_counter()
    for raw in raws:
        start = perf_counter()
        parse(raw)
        slowest = max(slowest, perf_counter() - start)
    rate = len(raws) / (perf_counter() - begin)
    print(f"all        {len(raws)} mails and texts, none raised: {rate:,.0f} per second", end="")
    print(f" (aim {SPEED_AIM}), slowest {1000 * slowest:.0f} ms")


def main() -> None:
    """Print the score of each source."""
    named = [word for word in sys.argv[1:] if not word.startswith("--")]
    default = Path(__file__).resolve().parents[2] / "shared" / "fixtures" / "email"
    folder = Path(named[0]) if named else default
    if not folder.is_dir():
        sys.exit(f"No mails in {folder}: name their folder.")
    show_all = "--all" in sys.argv
    print_zammad(folder / "zammad", show_all)
    print_replies(folder / "discourse-email-reply-trimmer", "85 %", show_all)
    print_replies(folder / "own-chinese-replies", "all", show_all)
    print_reports(folder / "sisimai", show_all)
    print_wrapped(folder / "tnefparse")
    print_speed(folder)


if __name__ == "__main__":
    main()
