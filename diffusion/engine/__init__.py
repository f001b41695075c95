"""The inference engine: its thread, the scheduler, batching and the cost model."""
