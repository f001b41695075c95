"""What client and server say to each other: requests, events, the client. No torch."""
