"""The noise schedules to train with, by their names on the command line."""

BETA_SCHEDULE_NAMES = {"cosine": "squaredcos_cap_v2", "linear": "linear"}
"""diffusers' name of each."""
