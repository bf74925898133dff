"""`flask backup` and `flask restore`."""

from __future__ import annotations

import os
from pathlib import Path

import click
from flask.cli import with_appcontext

from helpdesk.ops.backup import Manifest, restore, write
from helpdesk.settings import settings

FILE = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


@click.command("backup")
@FILE
@with_appcontext
def backup_(file: Path) -> None:
    """Write database, files and secret key into one FILE, while everything runs. Keep it safe."""
    made = write(file, settings())
    click.echo(f"{file}: {_words(made)}.")


@click.command("restore")
@FILE
@click.option("--force", is_flag=True, help="Replace an installation that is in use.")
@click.option("--resend", is_flag=True, help="Send what waited, even if it may go out twice.")
@with_appcontext
def restore_(file: Path, force: bool, resend: bool) -> None:
    """Make this installation what FILE holds. Stop the servers first."""
    manifest = restore(file, settings(), force=force, resend=resend)
    click.echo(f"Restored the state of {manifest.made_at}: {_words(manifest)}.")
    if not resend:
        click.echo("What waited to be sent is held back; docs/operations.md says how to send it.")
    if os.environ.get("HELPDESK_SECRET_KEY") or os.environ.get("HELPDESK_SECRET_KEY_FILE"):
        click.echo(f"HELPDESK_SECRET_KEY must be the text in {settings().instance / 'secret_key'}.")


def _words(manifest: Manifest) -> str:
    return f"{manifest.tickets} tickets, {manifest.files} files, {manifest.database}"


COMMANDS: tuple[click.Command, ...] = (backup_, restore_)
