"""Which models the engine has, and by which names members know them."""
