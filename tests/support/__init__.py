"""What our own tests and benchmarks need of a machine: a PostgreSQL, a network, a disk, and ways to break them."""
