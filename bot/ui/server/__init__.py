"""Groups and panels of `/server`."""
