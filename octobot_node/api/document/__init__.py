"""What the OpenAPI document says beyond FastAPI's own: one shape for decimals, words for everything, its lint."""
