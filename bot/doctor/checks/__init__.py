"""The checks, one file for each part of an installation."""
