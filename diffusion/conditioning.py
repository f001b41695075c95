"""A prompt as the states of CLIP's text encoder. Knows nothing of pictures or requests."""

from collections import OrderedDict
from typing import Any

import torch
from torch import Tensor

KEPT = 64
"""How many prompts' states are kept; a grid asks for the same two many times."""


class TextEncoder:
    """CLIP's tokenizer and text model, one prompt at a time.

    One at a time, because a batch of another size may round differently, and the same prompt
    must give the same bytes in any company.
    """

    def __init__(self, tokenizer: Any, model: Any) -> None:
        self.tokenizer = tokenizer
        self.model = model
        # Some tokenizers do not say how long a text may be.
        self._length = min(tokenizer.model_max_length, model.config.max_position_embeddings)
        self._kept: OrderedDict[str, Tensor] = OrderedDict()

    def encode(self, prompt: str) -> Tensor:
        """States [tokens, width] of the prompt, padded or cut to the model's own length.

        As in Rombach et al. 2022: the last layer's normalised states, padding included.
        """
        if prompt in self._kept:
            self._kept.move_to_end(prompt)
            return self._kept[prompt]
        tokens = self.tokenizer(
            prompt,
            padding="max_length",
            max_length=self._length,
            truncation=True,
            return_tensors="pt",
        )
        masked = getattr(self.model.config, "use_attention_mask", False)
        with torch.inference_mode():
            states: Tensor = self.model(
                tokens.input_ids.to(self.model.device),
                attention_mask=tokens.attention_mask.to(self.model.device) if masked else None,
            )[0][0]
        self._kept[prompt] = states
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return states
