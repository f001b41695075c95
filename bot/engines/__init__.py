"""The engines that draw: our own inference server, and other servers in their own dialects."""
