"""What a replay came to: written into its folder, read from there, beside others."""
