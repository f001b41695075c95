"""Discord's gateway: sessions of bots, heartbeats, events."""
