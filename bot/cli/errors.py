"""Why a command cannot start, in one sentence."""


class CannotStart(Exception):
    """Something is missing or wrong outside the program; the message says what to do."""
