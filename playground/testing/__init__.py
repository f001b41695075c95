"""For tests of bots: a member that is controlled from Python."""
