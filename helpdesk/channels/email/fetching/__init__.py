"""Mail comes in: IMAP, POP3, SMTP."""
