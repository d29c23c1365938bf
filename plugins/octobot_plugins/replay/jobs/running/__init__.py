"""Replays while they run: what starts and watches them, and the process of each."""
