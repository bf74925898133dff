"""A mail understood: pure, no database, no web."""
