"""Replays as jobs: rows that a node carries out in processes of their own, and what they came to."""
