"""Mailboxes as administrators set them up."""
