"""Routing rules: where a case goes."""
