"""Decoding untrusted pictures in processes that can be killed. Imports no torch."""
