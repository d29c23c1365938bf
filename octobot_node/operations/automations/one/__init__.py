"""One automation looked at closely: how it stands, its figures, what it does next."""
