"""Canned replies."""
