"""Reading prompts: emphasis, and the text encoders."""
