"""How explicit a picture is: a process of its own that the bot asks, one picture at a time.

Imports nothing of ours, and nothing imports it.
"""
