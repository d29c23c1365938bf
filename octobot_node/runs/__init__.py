"""``octobot-node run``: a run file, carried out live or on past candles, and what it came to."""
