"""One stream of all that a page shows: events or what they changed, prices, and how far replays are."""
