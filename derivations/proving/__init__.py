"""What makes a verdict."""
