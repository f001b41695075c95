"""Reads simple scenes: “two owls”, “a fox next to a tree on a yellow background”. Pure Python.

For models that draw one thing at a time: each thing of a scene becomes a prompt of its own.
"""

import re

MAX_THINGS = 4
"""The most things in a scene. A prompt with more stays as it is."""

COUNTS = {
    **dict.fromkeys(("a", "an", "the", "one", "1"), 1),
    **dict.fromkeys(("two", "2"), 2),
    **dict.fromkeys(("three", "3"), 3),
    **dict.fromkeys(("four", "4"), 4),
}

# A thing has an article or a number in front of it.
_THING = rf" (?=(?:{'|'.join(COUNTS)}) \w)"
JOINT = re.compile(rf",? (?:and|next to|beside|near){_THING}|,{_THING}", re.IGNORECASE)
LAST_JOINT = re.compile(rf" (?:and|next to|beside|near){_THING}", re.IGNORECASE)
BACKGROUND = re.compile(
    r",? (?:on|in|with|against) (?:an?|the) (?:\w+ ){1,3}background\b", re.IGNORECASE
)
BELONGING = re.compile(r" (?:with|wearing|holding|riding) ", re.IGNORECASE)
"""What follows belongs to the thing, so it is no thing of its own."""

COLOUR_OF = {
    "light blue": r"(?:on|in|with|against) (?:an?|the) snowy? background|(?:in|on) (?:the )?snow\b",
    "black": r"(?:on|in|with|against) (?:an?|the) night(?: sky)? background|(?:at|by) night\b",
    "pink": r"(?:on|in|with|against) (?:an?|the) sunset background|at (?:sunset|dusk)\b",
}
"""Surroundings that are shown as a plain background, by its colour."""

SURROUNDINGS = {
    re.compile(rf"\b(?:{words})", re.IGNORECASE): colour for colour, words in COLOUR_OF.items()
}

SINGULARS = {
    "cookies": "cookie",
    "geese": "goose",
    "knives": "knife",
    "leaves": "leaf",
    "mice": "mouse",
    "potatoes": "potato",
    "teeth": "tooth",
    "tomatoes": "tomato",
    "wolves": "wolf",
    "zombies": "zombie",
}
LONG_ENDING = re.compile(r"(?:ss|x|ch|sh|(?<!o)us)es\Z")


def read_scene(prompt: str) -> tuple[str, ...]:
    """A prompt for each thing, with the background and the style that are said of all of them.

    The whole prompt alone if it describes no scene, with surroundings as a colour.
    """
    spaced = " ".join(prompt.split())
    text = spaced
    for words, colour in SURROUNDINGS.items():
        article = "an" if colour[0] in "aeiou" else "a"
        text = words.sub(f"on {article} {colour} background", text, count=1)
    head, said_of_all = _split(text)
    things = [] if BELONGING.search(head) else _things(head)
    if 1 < len(things) <= MAX_THINGS:
        return tuple(thing + said_of_all for thing in things)
    return (prompt if text == spaced else text,)


def names_background(prompt: str) -> bool:
    """Whether a prompt says which background it wants."""
    return bool(BACKGROUND.search(prompt)) or any(one.search(prompt) for one in SURROUNDINGS)


def _split(text: str) -> tuple[str, str]:
    """The things, and what is said of all of them: from the background or the last comma on."""
    joints = [found.end() for found in LAST_JOINT.finditer(text)]
    comma = text.find(",", joints[-1] if joints else 0)
    background = BACKGROUND.search(text)
    end = min(len(text) if comma < 0 else comma, background.start() if background else len(text))
    return text[:end], text[end:]


def _things(head: str) -> list[str]:
    return [thing for part in JOINT.split(head) for thing in _one_by_one(part)]


def _one_by_one(part: str) -> list[str]:
    """“two owls” as “an owl” twice; a thing without a number once."""
    first, _, name = part.partition(" ")
    count = COUNTS.get(first.lower(), 1)
    if count == 1:
        return [part]
    one = _singular(name)
    return [f"{'an' if one[:1].lower() in 'aeiou' else 'a'} {one}"] * count


def _singular(name: str) -> str:
    """The name of one thing, by the usual endings of English."""
    before, space, last = name.rpartition(" ")
    if last in SINGULARS:
        last = SINGULARS[last]
    elif last.endswith("ies") and len(last) > 4:
        last = last[:-3] + "y"
    elif LONG_ENDING.search(last):
        last = last[:-2]
    elif last.endswith("s") and not last.endswith(("ss", "us")):
        last = last[:-1]
    return before + space + last
