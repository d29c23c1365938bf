"""The core's migrations: expand first, contract a release later.

A revision that only adds says so with ``expands = True``: a node of the release before goes on beside it
(octobot_node/store/migrate.py).
"""
