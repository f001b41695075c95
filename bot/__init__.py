"""The Discord side of Darkroom: from what a person typed to a message with pictures."""
