"""Binance spot: its REST API, its market streams and its websocket API, as its public documentation says.

Where the documentation says nothing, what is assumed is said where it is done.
"""
