"""What the operations on this subject take and return, one file for each kind of thing."""
