"""Text on its way in and out: read, checked and masked in one place each, so that every door does the same."""
