"""What people, programs and other automations ask for; each is a transaction that bumps the revision."""
