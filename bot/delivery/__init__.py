"""Posts and edits messages as the bot, and tries again until they are shown."""
