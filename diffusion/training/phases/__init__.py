"""The phases of the training, one file for each network that learns."""
