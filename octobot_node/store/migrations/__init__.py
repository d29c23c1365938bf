"""The core's migrations: expand first, contract a release later."""
