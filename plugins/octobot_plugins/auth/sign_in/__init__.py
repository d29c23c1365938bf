"""Who makes a request, and how they prove it: passwords, tokens, sessions, and those who guess."""
