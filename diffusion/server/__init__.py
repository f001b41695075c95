"""The HTTP side of the engine: OpenAI's Images API."""
