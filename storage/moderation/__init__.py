"""What moderators look at and decide, and the log of it."""
