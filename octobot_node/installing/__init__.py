"""Third-party tentacles in a folder of their own: resolved against what the node has, by hash, switched to at once."""
