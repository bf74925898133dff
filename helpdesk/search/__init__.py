"""Full-text search over words and Han character pairs, in the database that holds the data.

SQLite keeps it in FTS5, PostgreSQL in tsvector columns under GIN. Words are cut here, in
Python, so both find the same and no parser or locale of a server plays a part.
"""

from helpdesk.search.fold import fold, initials
from helpdesk.search.index import (
    KINDS,
    add,
    alike,
    create,
    drop,
    is_index_table,
    loading,
    matching,
    new_rows,
    put,
    put_many,
    ranked,
    remove,
    subjects,
    wanted,
)
from helpdesk.search.words import tokens
