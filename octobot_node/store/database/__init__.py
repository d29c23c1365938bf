"""Whose a database is, and whether it is as it was left."""
