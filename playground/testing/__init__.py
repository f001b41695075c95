"""For tests of bots: a member that is played from Python, and a check of traffic."""
