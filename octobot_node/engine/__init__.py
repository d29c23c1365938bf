"""The engine: deciding (dispatcher, batch, commit) and acting (sends, watcher, ledger)."""
