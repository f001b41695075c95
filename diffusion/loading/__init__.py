"""Loading models: folders, single files, the hub, LoRAs."""
