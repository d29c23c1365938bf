"""The engine: due automations are decided on, what they decide is done once, what came of it is settled.

``core`` holds the parts that every stage works with, ``assembly`` builds them. ``deciding`` and ``acting`` are the two
halves; ``commands`` come from outside; ``evaluating``, ``market``, ``ledger`` and ``workers`` are what they stand on.
"""
