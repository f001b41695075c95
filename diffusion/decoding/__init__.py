"""Decoding strangers' pictures in processes that can be killed. Never torch."""
