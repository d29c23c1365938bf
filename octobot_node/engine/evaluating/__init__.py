"""Evaluations in a guard: pure functions over plain values, in processes that can be thrown away; no database here."""
