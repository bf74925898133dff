"""One file with everything: database, stored files, secret key.

The database is copied first and the files after it: a file is on disk before a row names it, so
every row of the copy has its bytes. Restoring fences the outbox: what waited when the copy was made
may have been sent since, so it waits for a person instead of being sent again.

    archive.py     the tar.gz: what is in it, written and read carefully
    sqlite.py      copy by SQLite's online backup
    postgresql.py  copy by pg_dump, pg_restore and psql
"""

from helpdesk.ops.backup.archive import Manifest, restore, write
from helpdesk.ops.backup.errors import BackupError
