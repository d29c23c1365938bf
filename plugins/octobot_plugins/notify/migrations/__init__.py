"""Migrations of people's own ways to be told: expand first, contract a release later."""
