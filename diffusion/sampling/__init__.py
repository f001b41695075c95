"""Samplers, noise schedules, guidance, and one picture's way from noise to done."""
