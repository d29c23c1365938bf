"""The shapes of rows for the type checker: what SQLAlchemy returns has these attributes, and nothing is converted.

A protocol for each statement that is read by name, here by subject, as the tables are; tests/store/test_rows.py holds
each to its statement. Statements and what is done with rows do not belong here.
"""
