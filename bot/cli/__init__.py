"""The `darkroom` command: everything at once, the bot alone, one picture from the shell."""
