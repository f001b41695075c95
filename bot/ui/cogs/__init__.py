"""The commands. A cog reads the interaction, calls one service and sends the answer."""
