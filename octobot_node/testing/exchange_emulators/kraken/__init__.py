"""Kraken's spot REST API, as its public documentation says: always HTTP 200, with a list of errors.

Where the documentation says nothing, what is assumed is said where it is done.
"""
