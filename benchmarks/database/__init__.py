"""A database with many jobs: filling one, and measuring what the bot asks it."""
