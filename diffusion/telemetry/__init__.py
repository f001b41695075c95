"""What the bot and the inference process tell of themselves in logs and traces. Never torch."""
