"""Between the socket and the routes: addresses, connections, methods, turns and rates."""
