"""The members' side: what they do on the page, and what they see live."""
