"""A node at work on its data folder, and commands on a folder where none is."""
