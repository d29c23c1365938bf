"""Where automations stand: what they have and are worth, one by one and in sums, kept in memory from rows that change.

Nothing here is a source of anything: whatever is kept is read out of the ledger's own tables, whole at first and then
what changed. ``counting.py`` is what one automation comes to, ``board.py`` all of them.
"""
