"""The commands and their options: thin, nothing heavy is imported before one runs."""
