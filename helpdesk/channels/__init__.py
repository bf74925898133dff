"""Ways in: each further channel is one folder."""
