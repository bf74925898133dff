"""Stored files: what came with a message, a form or a notice.

Bytes lie under random keys outside the database and are safe on disk before a row names them.
Names and types from outside are only ever told: never used as a path, never believed.
"""

from helpdesk.files.kinds import INLINE, accepted_extensions
from helpdesk.files.names import content_headers, tidy_name
from helpdesk.files.pending import PendingFile, drop, hold, init, received, settle, sweep, waiting
from helpdesk.files.store import (
    StoredFile,
    answer,
    answer_bytes,
    clear_unfinished,
    location,
    open_file,
    remove,
    store,
    stored_keys,
)
from helpdesk.files.uploads import discard, store_upload
