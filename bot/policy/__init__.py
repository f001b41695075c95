"""What members may do: access to jobs, rate limits, and where the bot may be used."""
