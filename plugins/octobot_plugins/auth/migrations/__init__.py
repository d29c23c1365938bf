"""Migrations of users, keys and sessions: expand first, contract a release later."""
