"""Secrets by name, and the keys that all secrets are sealed with."""
