"""`python -m benchmarks.chaos`: kills and faults at random, and an account of what was promised."""
