"""The e-mail channel: raw mail in, tickets and replies out."""
