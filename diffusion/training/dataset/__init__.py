"""The training material: sources, words, captions, composed pictures."""
