"""`flask doctor`."""

from __future__ import annotations

import json

import click
from flask.cli import with_appcontext

from helpdesk.ops.doctor import examine, facts


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of lines.")
@with_appcontext
def doctor_(as_json: bool) -> None:
    """Check configuration and data; print each finding; exit 1 when a promise is broken."""
    findings = examine()
    broken = sum(not finding.ok for finding in findings)
    known = facts.gathered()
    if as_json:
        told = {"broken": broken, "checks": [f.as_data() for f in findings], "facts": known}
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        _print([finding.line for finding in findings], known)
        click.echo(f"{len(findings)} checks, {broken} broken.")
    if broken:
        raise SystemExit(1)


def _print(lines: list[str], known: dict[str, str]) -> None:
    for line in lines:
        click.echo(line)
    click.echo()
    for name, value in known.items():
        click.echo(f"  {name + ':':<28}{value}")
    click.echo()


COMMANDS: tuple[click.Command, ...] = (doctor_,)
