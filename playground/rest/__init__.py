"""Discord's REST v10, as far as a bot like ours and its libraries go."""
