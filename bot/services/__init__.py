"""What members can ask for, without Discord's API: generations, follow-ups, history."""
