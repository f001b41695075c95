"""Interactions: registered commands, typed options, callbacks and follow-ups."""
