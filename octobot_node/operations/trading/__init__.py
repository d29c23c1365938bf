"""Orders, fills, money, markets and accounts; and the kill switch."""
