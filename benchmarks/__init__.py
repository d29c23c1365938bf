"""Benchmarks: each prints its figure, its baseline from the same run, and their ratio."""
