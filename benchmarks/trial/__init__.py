"""What trials of the whole system share: its programs as processes, the lines between, members."""
