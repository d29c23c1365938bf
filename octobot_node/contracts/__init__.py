"""What hooks take and give: a module for each kind of thing that plugins bring or are lent.

Records and protocols only: how the node behaves is elsewhere.
"""
