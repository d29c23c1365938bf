"""The audit: its entries, the chain of hashes that they are in, and what remembers where it was."""
