"""How each person wants to be told: targets of their own, what of it is told, and what waits to be. Not: the node's own
URLs, which its settings have.
"""
