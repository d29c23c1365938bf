"""The built-in tentacles: one folder an automation type."""
