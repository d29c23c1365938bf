"""Secrets that the node must be able to read again: sealed in the database, opened where they are used.

``envelope`` is the cryptography; ``sealing`` opens and closes, with the keys of ``data_keys``; ``named`` are secrets by
name; ``connector_settings`` knows which of an account's settings are secret; ``first_time`` seals what a release before
left in clear, ``rotation`` changes the keys. Who has the master key, and stores of others, are plugins'.
"""
