"""The policy of promises, its deadlines of law and its chains of escalation."""
