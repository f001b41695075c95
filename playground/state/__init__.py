"""The state of the stand-in: people, channels, messages, Discord's limits and errors."""
