"""Make the one typeface of the printed forms, or check that it is still the one we made.

    python assets/fonts.py            fetch from npm, cut to the needed characters, write, hash
    python assets/fonts.py --check    compare the committed files with VENDOR-FONTS.json; no network

The source is a 10 MB TrueType file. The forms need GBK (every Han character a Chinese office
types), the rarer characters of names, and the Latin, Greek and Cyrillic alphabets: 7 MB.
Chinese quotation marks are as wide as a Han character; the narrow ones that English needs are
cut to a small file of their own.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

HOME = Path(__file__).resolve().parent.parent / "helpdesk" / "static" / "vendor" / "fonts"
LEDGER = HOME / "VENDOR-FONTS.json"
NPM_PACKAGE = "@expo-google-fonts/noto-sans-sc"
VERSION = "0.4.3"
FONT_IN_PACKAGE = "package/400Regular/NotoSansSC_400Regular.ttf"
LICENCE_IN_PACKAGE = "package/LICENSE_FONT"
FACE, MARKS = "NotoSansSC-Regular.ttf", "NotoSansSC-LatinMarks.ttf"
LATIN_MARKS = "‘’“”…"
FOLDER = f"noto-sans-sc-{VERSION}"

# Characters of the national list of 8105 that GBK lacks; they stand in the names of people.
NAME_CHARACTERS = (
    "㑇㑊㕮㘎㙍㙘㙦㛃㛚㛹㟃㠇㠓㤘㥄㧐㧑㧟㫰㬊㬎㬚㭎㭕㮾㰀㳇㳘㳚㴔㵐㶲㸆㸌㺄㻬㽏㿠"
    "䁖䂮䃅䃎䅟䌹䎃䎖䏝䏡䏲䐃䓖䓛䓨䓫䓬䗖䗛䗪䗴䜣䝙䢺䢼䣘䥽䦃䲟䲠䲢䴓䴔䴕䴖䴗䴘䴙䶮"
)
RANGES = (
    (0x0020, 0x024F),  # Latin
    (0x0300, 0x04FF),  # combining marks, Greek, Cyrillic
    (0x1E00, 0x1EFF),  # Vietnamese among others
    (0x2000, 0x206F),  # punctuation
    (0x20A0, 0x22FF),  # money, letter-like, numerals, arrows, mathematics
    (0x2460, 0x27BF),  # enclosed numbers, box drawing, shapes, signs, check marks
    (0x3000, 0x30FF),  # Chinese punctuation, kana
    (0x3200, 0x33FF),  # enclosed and squared Han
    (0x9FA6, 0x9FFF),  # Han added to the main block after GBK
    (0xFF00, 0xFFEF),  # full-width forms
    (0x20000, 0x3FFFF),  # the few hundred supplementary Han the source has
)


def gbk_characters() -> Iterator[str]:
    """Every character of GBK, the Chinese national extension of GB 2312."""
    for lead in range(0x81, 0xFF):
        for trail in range(0x40, 0xFF):
            try:
                yield bytes([lead, trail]).decode("gbk")
            except UnicodeDecodeError:
                continue


def wanted() -> set[int]:
    """The code points that the printed forms can draw."""
    points = {ord(char) for text in (*gbk_characters(), NAME_CHARACTERS) for char in text}
    for first, last in RANGES:
        points.update(range(first, last + 1))
    return points


def narrow(font: TTFont) -> None:
    """Let the Latin marks stand for their proportional shapes (the feature pwid)."""
    table = font["GSUB"].table
    for record in table.FeatureList.FeatureRecord:
        if record.FeatureTag == "pwid":
            for lookup in record.Feature.LookupListIndex:
                for part in table.LookupList.Lookup[lookup].SubTable:
                    _point_at(font, getattr(part, "ExtSubTable", part).mapping)


def _point_at(font: TTFont, shapes: dict[str, str]) -> None:
    for characters in (part.cmap for part in font["cmap"].tables if part.isUnicode()):
        for mark in map(ord, LATIN_MARKS):
            if mark in characters:
                characters[mark] = shapes.get(characters[mark], characters[mark])


def cut(font: TTFont, points: set[int], target: Path) -> None:
    """Write these characters of the font as a plain glyf font without layout tables."""
    options = subset.Options(layout_features=[], hinting=False, notdef_outline=True)
    options.name_IDs = options.name_languages = ["*"]
    options.drop_tables += ["BASE", "GDEF", "GPOS", "GSUB", "STAT", "vhea", "vmtx"]
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=points)
    subsetter.subset(font)
    font.save(target)


def fetch(into: Path) -> str:
    """Unpack the npm package below `into`; returns the SHA-256 of its archive."""
    spec = f"{NPM_PACKAGE}@{VERSION}"
    subprocess.run(["npm", "pack", "--silent", spec], cwd=into, check=True)
    archive = next(into.glob("*.tgz"))
    with tarfile.open(archive) as packed:
        for name in (FONT_IN_PACKAGE, LICENCE_IN_PACKAGE):
            packed.extract(name, into, filter="data")
    return sha256(archive)


def sha256(path: Path) -> str:
    """The hash of a file as lower-case hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def make() -> None:
    """Reproduce the committed copy and its ledger."""
    folder = HOME / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        archive_hash = fetch(Path(scratch))
        source = Path(scratch) / FONT_IN_PACKAGE
        cut(TTFont(source, recalcTimestamp=False), wanted(), folder / FACE)
        marks = TTFont(source, recalcTimestamp=False)
        narrow(marks)
        cut(marks, {ord(char) for char in " " + LATIN_MARKS}, folder / MARKS)
        licence = (Path(scratch) / LICENCE_IN_PACKAGE).read_text("utf-8")
        (folder / "LICENSE.txt").write_text(licence, "utf-8")
    files = (FACE, MARKS, "LICENSE.txt")
    entry = {
        "name": "Noto Sans SC Regular",
        "npm": NPM_PACKAGE,
        "version": VERSION,
        "archive_sha256": archive_hash,
        "licence": "OFL-1.1",
        "changes": "cut to GBK, rare names and alphabets; no layout tables; narrow marks apart",
        "files": {f"{FOLDER}/{name}": sha256(folder / name) for name in files},
    }
    LEDGER.write_text(json.dumps([entry], indent=2, ensure_ascii=False) + "\n", "utf-8")


def differences() -> list[str]:
    """One sentence for each committed file that is missing or not the one in the ledger."""
    found = []
    for entry in json.loads(LEDGER.read_text("utf-8")):
        for name, expected in entry["files"].items():
            if not (HOME / name).is_file():
                found.append(f"{name} is missing")
            elif sha256(HOME / name) != expected:
                found.append(f"{name} differs from its ledger entry")
    return found


def main() -> int:
    """Run from the command line; 0 when the copy is right."""
    parser = argparse.ArgumentParser(description="The typeface of the printed forms")
    parser.add_argument("--check", action="store_true", help="compare hashes, fetch nothing")
    if not parser.parse_args().check:
        make()
    problems = differences()
    print("\n".join(problems) or "fonts: as in the ledger")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
