"""Chaos tests: nodes that share a PostgreSQL database are killed, frozen and cut off, and so is the database.

``python -m benchmarks.chaos --kills 1000``; a short storm is in the test suite.
"""
