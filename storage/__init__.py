"""The database and the pictures: servers, members, jobs. Knows no Discord and no torch."""
