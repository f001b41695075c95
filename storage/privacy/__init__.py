"""A member's own data: all of it read for them, and all of it deleted when they ask for that."""
