"""What is asked: tickets from the first word to the closed file, their promises and notices."""
