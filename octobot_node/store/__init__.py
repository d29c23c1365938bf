"""The store: tables, statements and migrations, the same on every database."""
