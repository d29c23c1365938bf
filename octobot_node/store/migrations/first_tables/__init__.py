"""What versions/0001_first_tables.py makes, by subject; a change of a table is a revision of its own."""
