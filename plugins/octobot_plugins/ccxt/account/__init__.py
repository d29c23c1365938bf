"""What one account is asked for: which markets and when, in how many pages, and what the answers mean.

What is sent to it is in ``trading.py``, one level up.
"""
