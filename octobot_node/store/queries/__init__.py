"""What people and programs look at: a page at a time by key, so that no page costs more than another."""
