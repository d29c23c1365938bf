"""What an exchange says by itself over websockets, by ccxt.pro on connections of the account's own way out.

ccxt.pro is imported when the first stream is opened. Nothing is booked from what is heard here.
"""
