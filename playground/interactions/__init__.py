"""Interactions: registered commands, what was typed, answers, follow-ups."""
