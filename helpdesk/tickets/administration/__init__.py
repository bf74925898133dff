"""What administrators set about cases; every change is an event "setup.changed" with old and new."""
