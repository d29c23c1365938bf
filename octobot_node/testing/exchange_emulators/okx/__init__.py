"""OKX's spot REST API v5, as its public documentation says; ``sCode`` of each order, ``code`` of the whole.

Where the documentation says nothing, what is assumed is said where it is done.
"""
