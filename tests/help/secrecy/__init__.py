"""A company full of secrets, and every door that somebody could find one behind."""
