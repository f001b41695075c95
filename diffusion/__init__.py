"""The inference side of Darkroom: from a request to pictures. Knows no Discord and no database."""
