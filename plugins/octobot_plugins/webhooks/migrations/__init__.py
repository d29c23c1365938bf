"""Migrations of the addresses for signals: expand first, contract a release later."""
