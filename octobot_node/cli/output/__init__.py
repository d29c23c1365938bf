"""What people read on a terminal: tables, figures, reports, and a run while it goes."""
