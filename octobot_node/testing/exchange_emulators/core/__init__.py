"""The exchange behind every front: accounts, order books, matching, and the record of what really happened.

Nothing here knows a protocol, waits, or opens a socket; texts, codes and ids of a real exchange belong to its front.
"""
