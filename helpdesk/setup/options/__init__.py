"""Business settings."""
