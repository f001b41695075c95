"""What members may ask for and what may be shown, as the admins of their server decided."""
