"""Parts of networks: devices and dtypes, LoRA layers, circular padding."""
