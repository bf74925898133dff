"""What can go wrong, in one sentence for the terminal."""

import click


class BackupError(click.ClickException):
    """The backup or the restoring can't go on; nothing was changed when it says so."""
