"""Which labels of an image-classification model mean an explicit picture, and how much. Pure."""

import json
from collections.abc import Mapping
from pathlib import Path

from classifier.model import NoClassifier

TABLE_FILE = "darkroom-filter.json"
"""The file in a model's folder that says what its labels mean: `{"nude": 1, "swimwear": 0.3}`."""

KNOWN_LABELS: Mapping[str, float] = {
    "explicit": 1,
    "hentai": 1,
    "nsfw": 1,
    "nude": 1,
    "nudity": 1,
    "porn": 1,
    "pornography": 1,
    "sexual": 1,
    "unsafe": 1,
}
"""What the labels of common models mean, in lower case."""


def explicit_shares(folder: Path, labels: Mapping[int, str]) -> dict[int, float]:
    """How explicit each class is, from 0 to 1; classes that are not in it are harmless.

    `labels` are the model's names by the numbers of its classes. Raises NoClassifier.
    """
    table = _table_of(folder)
    by_label = {name.lower(): share for name, share in (table or KNOWN_LABELS).items()}
    shares = {
        number: by_label[label.lower()]
        for number, label in labels.items()
        if label.lower() in by_label
    }
    unknown = {name.lower() for name in table or ()} - {label.lower() for label in labels.values()}
    if unknown:
        raise NoClassifier(
            f"{TABLE_FILE} names labels that the model does not have: {', '.join(sorted(unknown))}."
        )
    if not shares:
        raise NoClassifier(
            f"No label of the model is known to be explicit: {', '.join(labels.values())}. Say in "
            f'{folder / TABLE_FILE} which are, such as {{"nude": 1}}.'
        )
    return shares


def _table_of(folder: Path) -> dict[str, float] | None:
    """What the folder itself says about its labels; None if it says nothing."""
    file = folder / TABLE_FILE
    if not file.exists():
        return None
    try:
        read = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise NoClassifier(f"{file} cannot be read: {error}") from error
    if not isinstance(read, dict) or not read:
        raise NoClassifier(f'{file} must look like {{"nude": 1}}.')
    for label, share in read.items():
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
            raise NoClassifier(f"In {file}, “{label}” needs a number from 0 to 1.")
    return {label: float(share) for label, share in read.items()}
