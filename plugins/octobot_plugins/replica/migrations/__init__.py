"""Migrations of the nodes: expand first, contract a release later."""
