"""Verbs that are killed at every statement, and what must hold afterwards."""
