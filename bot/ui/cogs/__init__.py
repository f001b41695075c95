"""Thin cogs, one for each family of commands: interaction in, one call, answer out."""
