"""Load models: diffusers folders, single files, the Hugging Face hub, LoRAs."""
