"""What operators see of the bot from outside: metrics, and whether it is alive and ready."""
