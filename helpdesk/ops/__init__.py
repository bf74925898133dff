"""What keeps an installation well: doctor, health, backup."""
