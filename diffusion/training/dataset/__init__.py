"""The training data: sources, words, captions, composed pictures."""
