"""Sampling: noise schedules, samplers, guidance, and the trajectory of one picture."""
