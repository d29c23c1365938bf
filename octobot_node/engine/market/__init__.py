"""Accounts opened with their connectors, and the hub that asks each market once for all."""
