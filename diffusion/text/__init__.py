"""Prompts to conditions: emphasis syntax and the CLIP text encoders."""
