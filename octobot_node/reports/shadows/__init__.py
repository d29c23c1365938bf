"""How a live automation and its shadow on paper differ: orders in pairs, and what the pairs come to."""
