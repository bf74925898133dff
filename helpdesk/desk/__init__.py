"""The pages of the desk: those that compose several subjects."""
