"""From what was decided to what the exchange did: the send fence, requests, and settling what is seen there."""
