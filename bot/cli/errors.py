"""The error of a command that cannot start."""


class CannotStart(Exception):
    """Something outside the program is missing or wrong; the message says what to do."""
