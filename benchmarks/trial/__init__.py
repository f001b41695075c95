"""What trials of the whole house share: its programs as processes, the lines between, members."""
