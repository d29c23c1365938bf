"""What carries the engine: the durable queues, the event loop for requests, threads that look for work now and then."""
