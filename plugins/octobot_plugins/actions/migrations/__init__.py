"""Migrations of what became of actions: expand first, contract a release later."""
