"""What members may do: access, rate limits, places. Pure decisions apart from their storage."""
