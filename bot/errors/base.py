"""`UserError` and `PromptError`, the classes that every user error has as a base."""

import re

from bot.i18n.texts import Text, Value, say_unmarked


class UserError(Exception):
    """A mistake that the person who made it can correct.

    Its texts have the key of the class's name in kebab case: `JobNotFound` is `job-not-found`.
    `title`, `problem` and `remedy` are shown to the person.
    """

    def __init__(self, **values: Value) -> None:
        key = re.sub(r"(?<!^)(?=[A-Z])", "-", type(self).__name__).lower()
        self.title = Text(key, values)
        self.problem = self.title["problem"]
        self.remedy = self.title["remedy"]
        super().__init__(f"{say_unmarked(self.problem)} {say_unmarked(self.remedy)}")


class PromptError(UserError):
    """Something in a typed prompt cannot be used."""
