"""The built-in plugins: each a folder whose ``__init__`` holds its hooks and nothing else."""
