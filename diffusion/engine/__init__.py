"""The engine: its thread, the scheduler, batching, and what a batch costs."""
