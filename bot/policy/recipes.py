"""Decides whether a picture's file carries its recipe: prompt, seed and settings. Pure.

Every file says that AI made it, whatever is decided here.
"""

from storage.servers import ServerSettings


def carries_recipe(
    settings: ServerSettings | None, *, is_stealth: bool, wants_in_stealth: bool
) -> bool:
    """`settings` are those of the job's server, None in direct messages.

    A server that keeps prompts out of files keeps all of them out. Stealth jobs carry the recipe
    only if their member wants that.
    """
    if settings is not None and settings.pictures_carry != "recipe":
        return False
    return wants_in_stealth or not is_stealth
