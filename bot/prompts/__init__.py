"""Parses typed text into a `Prompt`, and resolves a `Prompt` to `ImageRequest`s. Pure."""
