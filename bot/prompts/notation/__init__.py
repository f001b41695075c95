"""What people bring from other tools: their parameters, their syntax, pasted texts. Pure."""
