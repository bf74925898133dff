"""The committed typeface: the one in its ledger, free to ship, embeddable."""

import subprocess
import sys
from pathlib import Path

from fontTools.ttLib import TTFont

from assets import fonts


def test_the_typeface_is_the_one_in_its_ledger() -> None:
    assert fonts.differences() == []
    licence = fonts.HOME / fonts.FOLDER / "LICENSE.txt"
    assert "SIL OPEN FONT LICENSE" in licence.read_text("utf-8")


def test_a_changed_or_lost_typeface_is_noticed(tmp_path: Path, monkeypatch) -> None:
    folder = tmp_path / fonts.FOLDER
    folder.mkdir()
    (folder / "LICENSE.txt").write_text("another text")
    monkeypatch.setattr(fonts, "HOME", tmp_path)
    assert len(fonts.differences()) == 3


def test_the_check_runs_from_the_command_line_without_npm() -> None:
    command = [sys.executable, fonts.__file__, "--check"]
    done = subprocess.run(command, capture_output=True, text=True, env={"PATH": ""}, check=False)
    assert (done.returncode, done.stdout) == (0, "fonts: as in the ledger\n")


def test_the_typeface_has_glyf_outlines_and_may_be_embedded() -> None:
    with TTFont(fonts.HOME / fonts.FOLDER / "NotoSansSC-Regular.ttf", lazy=True) as font:
        assert "glyf" in font
        assert font["OS/2"].fsType == 0
        assert len(font.getBestCmap()) > 22_000


def test_the_typeface_has_every_gbk_character_but_one_sign() -> None:
    with TTFont(fonts.HOME / fonts.FOLDER / "NotoSansSC-Regular.ttf", lazy=True) as font:
        lacking = set(fonts.gbk_characters()) - set(map(chr, font.getBestCmap()))
    assert lacking == {"≒"}
