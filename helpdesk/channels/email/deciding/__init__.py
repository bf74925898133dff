"""What becomes of a mail: where it lands, what is held, what is left to people."""
