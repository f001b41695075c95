"""Posting and editing messages as the bot, again and again until they are shown."""
