"""What every part stands on and knows no trade: database, journal and outbox, alarms, jobs, limits, languages."""
