"""What can go wrong, in one sentence for the terminal."""


class BackupError(Exception):
    """The backup or the restoring can't go on; nothing was changed when it says so."""
