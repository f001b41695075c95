"""What the `darkroom` command runs: everything at once, the bot alone, or one prompt."""
