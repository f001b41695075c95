"""A classifier from a folder of transformers, such as those for image classification on the hub."""

from pathlib import Path

import torch
from PIL import Image
from transformers import AutoImageProcessor, AutoModelForImageClassification

from classifier.labels import explicit_shares
from classifier.model import NoClassifier


class TransformersFolder:
    """See `classifier.model.Classifier`. A score is the sum of what its labels say."""

    def __init__(self, folder: str) -> None:
        self.name = Path(folder).name
        if not Path(folder).is_dir():
            raise NoClassifier(f"{folder} is no folder.")
        try:
            self._processor = AutoImageProcessor.from_pretrained(  # type: ignore[no-untyped-call]
                folder, local_files_only=True
            )
            # Only safetensors: a pickle could run anything.
            self._model = AutoModelForImageClassification.from_pretrained(
                folder, local_files_only=True, use_safetensors=True
            ).eval()
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise NoClassifier(f"{folder} is no image-classification model: {error}") from error
        labels = {int(n): str(label) for n, label in self._model.config.id2label.items()}
        self._shares = explicit_shares(Path(folder), labels)

    @torch.inference_mode()
    def score(self, picture: Image.Image) -> float:
        inputs = self._processor(images=picture, return_tensors="pt")
        probabilities = self._model(**inputs).logits.softmax(-1)[0]
        found = sum(share * float(probabilities[n]) for n, share in self._shares.items())
        return min(1.0, max(0.0, found))
