"""What members may do with their own data: have all of it sent to them, or deleted."""
