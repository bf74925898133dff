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
        rest = [f"  {name + ':':<28}{value}" for name, value in known.items()]
        lines = [*(finding.line for finding in findings), "", *rest, ""]
        click.echo("\n".join([*lines, f"{len(findings)} checks, {broken} broken."]))
    if broken:
        raise SystemExit(1)


COMMANDS: tuple[click.Command, ...] = (doctor_,)
