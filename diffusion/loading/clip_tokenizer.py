"""CLIP's tokenizer, built from the merges file that we ship. All model families use it."""

import gzip
from pathlib import Path
from typing import Any

from transformers import CLIPTokenizer

MERGES = Path(__file__).parent / "clip" / "merges.txt.gz"


def clip_tokenizer(padding: str) -> CLIPTokenizer:
    """The tokenizer, with `padding` as its padding token."""
    with gzip.open(MERGES, "rt", encoding="utf-8") as file:
        merges: Any = [tuple(line.split()) for line in file]
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = len(set(range(256)) - set(printable))
    letters = [chr(byte) for byte in [*printable, *range(256, 256 + others)]]
    pieces = [*letters, *(f"{letter}</w>" for letter in letters), *map("".join, merges)]
    pieces += ["<|startoftext|>", "<|endoftext|>"]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    return CLIPTokenizer(vocabulary, merges, model_max_length=77, pad_token=padding)
