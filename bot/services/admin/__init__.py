"""Who may do what, where and how much, as the admins of a server and of the bot decided."""
