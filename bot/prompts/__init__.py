"""From typed text to a `Prompt`, and from a `Prompt` to an `ImageRequest`. Pure."""
