"""How nodes are run in production: the stack of containers, and monitoring."""
