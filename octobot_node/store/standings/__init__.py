"""What lists and sums of automations are kept from: which of them changed, and what they were worth at times."""
