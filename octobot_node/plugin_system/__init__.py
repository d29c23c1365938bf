"""Finding plugins, loading them apart from each other, and running what they add."""
