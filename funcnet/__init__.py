"""funcnet."""
