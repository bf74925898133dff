"""Working calendars as administrators keep them."""
