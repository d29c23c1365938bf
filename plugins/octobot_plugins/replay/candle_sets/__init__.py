"""Candle sets: files of candles that a node keeps, each content once, with what is in them."""
