"""Automations come to be: looked at before, planned, created, cloned, taken from run files and written into them."""
