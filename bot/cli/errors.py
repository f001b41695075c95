"""The errors of a command that cannot start."""


class CannotStart(Exception):
    """Something outside the program is missing or wrong; the message says what to do."""


class WrongSettings(CannotStart):
    """The settings are wrong, so a restart would not help."""
