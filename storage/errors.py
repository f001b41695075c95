"""What storage says when it cannot be used. Imports nothing, so that it can be named cheaply."""


class StorageUnavailable(Exception):
    """The database cannot be opened, reached or written; the message is one sentence for a person.

    It never contains the password.
    """
