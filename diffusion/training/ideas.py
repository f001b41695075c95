"""What the embedded model learns to draw: the best-known emoji, and what it never sees.

Samples seen are the limit of a model trained on two processor cores, so this first version knows
few ideas well instead of many badly. Only words live here; pictures and files do not.
"""

from __future__ import annotations

# Emoji -> the names people use for it; the first is the one on sample sheets.
IDEAS: dict[str, tuple[str, ...]] = {
    "🦊": ("red fox", "fox", "fox face"),
    "🐱": ("cat", "cat face", "kitten", "kitty"),
    "🐶": ("dog", "dog face", "puppy"),
    "🐼": ("panda", "panda bear"),
    "🐻": ("bear", "brown bear", "bear face"),
    "🦁": ("lion", "lion face"),
    "🐯": ("tiger", "tiger face"),
    "🐰": ("rabbit", "bunny", "rabbit face"),
    "🐷": ("pig", "pig face", "piglet"),
    "🐵": ("monkey", "monkey face"),
    "🐸": ("frog", "frog face", "toad"),
    "🐤": ("baby chick", "chick", "little yellow bird"),
    "🐧": ("penguin",),
    "🦉": ("owl",),
    "🦋": ("butterfly",),
    "🐝": ("bee", "honeybee"),
    "🐟": ("fish",),
    "🐳": ("whale", "spouting whale"),
    "🐙": ("octopus",),
    "🦀": ("crab",),
    "🍎": ("apple", "red apple"),
    "🍋": ("lemon",),
    "🍌": ("banana",),
    "🍉": ("watermelon", "slice of watermelon"),
    "🍓": ("strawberry",),
    "🍒": ("cherries", "cherry"),
    "🍄": ("mushroom", "toadstool"),
    "🍕": ("pizza", "slice of pizza", "pizza slice"),
    "🍔": ("hamburger", "burger", "cheeseburger"),
    "🍩": ("doughnut", "donut"),
    "🍦": ("ice cream", "soft ice cream", "ice cream cone"),
    "🎂": ("birthday cake", "cake"),
    "☕": ("cup of coffee", "coffee", "hot beverage"),
    "🌹": ("rose", "red rose"),
    "🌻": ("sunflower",),
    "🌼": ("flower", "blossom", "daisy"),
    "🌵": ("cactus",),
    "🌳": ("tree", "deciduous tree", "green tree"),
    "😀": ("smiling face", "grinning face", "happy face", "smiley"),
    "😍": ("face in love", "smiling face with heart-eyes", "heart eyes"),
    "😎": ("cool face", "smiling face with sunglasses", "face with sunglasses"),
    "👻": ("ghost",),
    "🤖": ("robot", "robot head"),
    "👽": ("alien", "extraterrestrial"),
    "🎃": ("pumpkin", "jack-o-lantern", "halloween pumpkin"),
    "❤": ("red heart", "heart", "love heart"),
    "⭐": ("star", "yellow star"),
    "☀": ("sun", "bright sun"),
    "🌙": ("crescent moon", "moon"),
    "☁": ("cloud", "white cloud"),
    "🌈": ("rainbow",),
    "⚡": ("lightning", "lightning bolt", "high voltage"),
    "🔥": ("fire", "flame"),
    "⛄": ("snowman",),
    "💧": ("water drop", "droplet", "drop of water"),
    "🏠": ("house", "home"),
    "🚗": ("car", "automobile", "red car"),
    "🚀": ("rocket", "space rocket", "spaceship"),
    "✈": ("airplane", "plane", "aeroplane"),
    "🎈": ("balloon", "red balloon"),
    "🎁": ("gift", "present", "wrapped gift"),
    "👑": ("crown", "golden crown"),
    "⚽": ("soccer ball", "football"),
    "💡": ("light bulb", "lamp"),
}

# A label or tag with one of these words keeps a picture out of every phase: hate symbols, weapons,
# sexualised items, drugs, and signs that belong to a brand or a faith and are not ours to restyle.
BLOCKED_WORDS: frozenset[str] = frozenset(
    (
        *("swastika", "sunwheel", "nazi", "fascist"),
        *("bomb", "nuclear", "radioactive", "biohazard", "firecracker"),
        *("gun", "pistol", "rifle", "revolver", "weapon", "knife", "dagger", "sword", "swords"),
        *("axe", "bikini", "briefs", "lingerie", "sexy", "nude", "underwear", "kiss", "lipstick"),
        *("cigarette", "smoking", "syringe", "pill", "coffin", "funeral"),
        *("nintendo", "xbox", "playstation", "pokemon", "disney", "facebook", "twitter"),
        *("google", "microsoft", "menorah", "kaaba", "om", "cross", "crucifix"),
    )
)


def is_blocked(words: tuple[str, ...]) -> bool:
    """True if any of these labels and tags contains a blocked word."""
    return any(part in BLOCKED_WORDS for word in words for part in word.lower().split())
