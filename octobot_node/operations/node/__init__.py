"""The node itself: how it is, the nodes beside it, what happened, and who did what."""
