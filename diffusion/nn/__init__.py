"""Neural network helpers: devices, batch-invariant layers, LoRA layers, circular padding."""
