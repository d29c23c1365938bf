"""Migrations of the tables of candle sets and replays."""
