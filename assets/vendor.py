"""Copy the pinned browser libraries into the project, or check that they are unchanged.

python assets/vendor.py           install from package-lock.json (needs Node) and copy
python assets/vendor.py --check   compare every file with VENDOR.json (needs only Python)
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
MODULES = HERE / "node_modules"
TARGET = HERE.parent / "helpdesk" / "static" / "vendor"
MANIFEST = TARGET / "VENDOR.json"
FONTS = TARGET / "fonts"  # has a ledger of its own: see assets/fonts.py
ICONS = "@tabler/icons"

# package: the files that browsers need, and the licence texts that travel with them
PACKAGES: dict[str, list[str]] = {
    "@hotwired/stimulus": ["dist/stimulus.js", "LICENSE.md"],
    "echarts": ["dist/echarts.common.min.js", "LICENSE", "NOTICE"],
    "htmx.org": ["dist/htmx.min.js", "LICENSE"],
    "idiomorph": ["dist/idiomorph-ext.min.js", "LICENSE"],
    "jssip": ["LICENSE.md"],
    "socket.io-client": ["dist/socket.io.esm.min.js", "LICENSE"],
    ICONS: ["LICENSE"],
}

# published without a minified module: we shrink it ourselves, with the pinned terser
MINIFIED_HERE = {"@hotwired/stimulus": "stimulus.js"}

# published for Node's modules only: we put it and what it needs into one module, with the pinned
# esbuild; the licences of what it needs travel along
BUNDLED_HERE = {"jssip": ("jssip.esm.min.js", ("debug", "events", "ms", "sdp-transform"))}


def facts(package: str) -> dict[str, str]:
    """Name, version and licence as the installed package states them."""
    stated = json.loads((MODULES / package / "package.json").read_text("utf-8"))
    return {"name": package, "version": stated["version"], "licence": stated["license"]}


def folder(package: str, version: str) -> str:
    """The folder of a package: stimulus-3.2.2 for @hotwired/stimulus."""
    short = {ICONS: "tabler-icons"}.get(package, package.rsplit("/", 1)[-1])
    return f"{short}-{version}"


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def copy(package: str) -> dict[str, object]:
    """Copy one package and return its entry for VENDOR.json."""
    entry = facts(package)
    home = TARGET / folder(package, entry["version"])
    home.mkdir(parents=True)
    for name in PACKAGES[package]:
        shutil.copyfile(MODULES / package / name, home / Path(name).name)
        drop_source_map(home / Path(name).name)
    if package in MINIFIED_HERE:
        minify(home / MINIFIED_HERE[package])
    if package in BUNDLED_HERE:
        bundle(package, home)
    if package == ICONS:
        (home / "icons.svg").write_text(sprite(), "utf-8")
    files = {f"{home.name}/{f.name}": digest(f) for f in sorted(home.iterdir())}
    return {**entry, "files": files}


def drop_source_map(path: Path) -> None:
    """Cut the pointer to a source map that we don't ship, so that browsers don't ask for it."""
    if path.suffix == ".js":
        text = path.read_text("utf-8")
        path.write_text(re.sub(r"\n?//# sourceMappingURL=\S+\s*$", "\n", text), "utf-8")


def minify(path: Path) -> None:
    """Shrink a module in place; its copyright remark stays."""
    options = ["--module", "--compress", "--mangle", "--comments", "/Copyright/"]
    command = [str(MODULES / ".bin" / "terser"), str(path), *options, "--output", str(path)]
    subprocess.run(command, check=True)


def bundle(package: str, home: Path) -> None:
    """One module for browsers of a package and what it needs."""
    name, inside = BUNDLED_HERE[package]
    command = [str(MODULES / ".bin" / "esbuild"), str(MODULES / package), "--bundle", "--minify"]
    options = ["--format=esm", "--platform=browser", f"--outfile={home / name}"]
    subprocess.run([*command, *options, "--log-level=warning"], check=True)
    for each in inside:
        licence = next((MODULES / each).glob("[Ll][Ii][Cc][Ee][Nn][Ss][Ee]*"))
        shutil.copyfile(licence, home / f"LICENSE-{each}")


def icon_names() -> list[str]:
    """The icons that icons.txt asks for."""
    lines = (HERE / "icons.txt").read_text("utf-8").splitlines()
    return sorted(line.strip() for line in lines if line.strip() and not line.startswith("#"))


def symbol(name: str) -> str:
    """One icon as a <symbol>; strokes are left to our CSS."""
    source = (MODULES / ICONS / "icons" / "outline" / f"{name}.svg").read_text("utf-8")
    shapes = re.findall(r"<(?:path|circle|rect|line|ellipse|polyline)\b[^>]*/>", source)
    drawn = "".join(shape for shape in shapes if 'd="M0 0h24v24H0z"' not in shape)
    return f'<symbol id="{name}" viewBox="0 0 24 24">{drawn}</symbol>'


def sprite() -> str:
    """All our icons in one SVG file."""
    symbols = "\n".join(symbol(name) for name in icon_names())
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{symbols}\n</svg>\n'


def vendor() -> None:
    """Install exactly what the lock file says, then write static/vendor anew."""
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run(command, cwd=HERE, check=True)
    for path in TARGET.iterdir():
        if path.is_dir() and path != FONTS:
            shutil.rmtree(path)
    entries = [copy(package) for package in sorted(PACKAGES)]
    MANIFEST.write_text(json.dumps(entries, indent=2) + "\n", "utf-8")


def problems() -> list[str]:
    """What differs between static/vendor and VENDOR.json, one line each."""
    listed = {
        n: sha
        for entry in json.loads(MANIFEST.read_text("utf-8"))
        for n, sha in entry["files"].items()
    }
    present = {
        f.relative_to(TARGET).as_posix(): f
        for f in TARGET.rglob("*")
        if f.is_file() and f != MANIFEST and FONTS not in f.parents
    }
    found = [f"{name}: missing" for name in sorted(listed.keys() - present.keys())]
    found += [f"{name}: not listed" for name in sorted(present.keys() - listed.keys())]
    shared = sorted(listed.keys() & present.keys())
    return found + [f"{name}: changed" for name in shared if digest(present[name]) != listed[name]]


def main(arguments: list[str]) -> int:
    """Vendor or check; 1 when a file is not what VENDOR.json says."""
    if "--check" not in arguments:
        vendor()
    for line in problems():
        print(line, file=sys.stderr)
    return 1 if problems() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
