"""`python -m benchmarks.load`: the bot under many members at once."""
