"""Mail, the first of the media: mailboxes, how they sign in, and a letter as MIME and SMTP have it."""
