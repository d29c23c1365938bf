"""Migrations of the paper book: expand first, contract a release later."""
