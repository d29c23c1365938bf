"""What every front has in common: the server, the faults that strike requests, the admin port."""
