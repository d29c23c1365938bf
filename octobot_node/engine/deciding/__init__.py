"""From what is due to what is committed: claim, load, evaluate, commit in one guarded transaction."""
