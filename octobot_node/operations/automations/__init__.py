"""Automations: look at them, make them, change them, plan them; their log, their inbox, and their types."""
