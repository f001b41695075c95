"""Evaluation of the model: scores, judges, and experiments."""
