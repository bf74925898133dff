"""The web form, and the customer's page of a case."""
