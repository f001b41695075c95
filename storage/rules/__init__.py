"""What admins decided for a server, its channels and roles: one module for each subject."""
