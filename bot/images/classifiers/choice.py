"""Which classifier the operator chose."""

from bot.images.classifiers.classifier import PictureClassifier
from bot.images.classifiers.openai_moderation import DEFAULT_URL, OpenAIModeration
from bot.images.classifiers.process import ClassifierProcess

OFF, OPENAI = "off", "openai"


def chosen_classifier(chosen: str, key: str | None) -> PictureClassifier | None:
    """The classifier that `DARKROOM_FILTER` names; None if pictures are not to be checked."""
    if chosen == OFF:
        return None
    kind, plus, url = chosen.partition("+")
    if kind == OPENAI:
        return OpenAIModeration(key, url if plus else DEFAULT_URL)
    return ClassifierProcess(chosen)
