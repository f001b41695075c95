"""Whether a client's bodies are within Discord's limits, and traffic matches its description."""
