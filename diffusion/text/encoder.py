"""Text encoding: prompts to conditions for the U-Net, by CLIP's text encoders.

SD 1.x uses the last layer of one encoder. So does SD 2.x, whose checkpoints leave out the layer
above. SDXL concatenates the last but one layers of two encoders and adds one pooled vector (Podell
et al. 2023). A long text is encoded in chunks whose states are concatenated. Emphasis moves a
token's state away from the state of the empty text.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import torch
from torch import Tensor

from diffusion.nn.lora_layers import LoraLayers
from diffusion.protocol.requests import Lora
from diffusion.text.emphasis import read_emphasis

CACHED_TEXTS = 256
"""How many encoded texts are cached."""

MAX_CHUNKS = 16
"""The longest text, in chunks. Beyond it, attending to the text costs more than to the picture."""

Loras = tuple[Lora, ...]


class TextTooLong(Exception):
    """A text has too many tokens; the message is one sentence for the user."""


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """One encoded text: `states` [tokens, width], and for SDXL `pooled` [width].

    `loras` are the LoRAs of the request, which also apply to the U-Net for rows of this condition.
    `guidance` is the scale that a U-Net is told which guides itself; None for all others.
    """

    states: Tensor
    pooled: Tensor | None = None
    loras: Loras = ()
    guidance: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Conditions:
    """The conditions of a pass: `states` [rows, tokens, width], `pooled` [rows, width].

    `loras` has the LoRAs of each row; it may be empty if no row has any. `guidance` has the scale
    of each row, if the U-Net is told it.
    """

    states: Tensor
    pooled: Tensor | None = None
    loras: tuple[Loras, ...] = ()
    guidance: tuple[float, ...] = ()


def together(conditions: Sequence[Condition]) -> Conditions:
    """Stack conditions of equal length into a batch."""
    pooled = [condition.pooled for condition in conditions if condition.pooled is not None]
    return Conditions(
        torch.stack([condition.states for condition in conditions]),
        torch.stack(pooled) if pooled else None,
        tuple(condition.loras for condition in conditions),
        tuple(one.guidance for one in conditions if one.guidance is not None),
    )


@dataclass(frozen=True, slots=True)
class Token:
    """A token id and its emphasis weight."""

    id: int
    weight: float


Chunk = tuple[Token, ...]


class ClipEncoder:
    """One CLIP text encoder and its tokenizer.

    Encodes one chunk at a time: other batch sizes may round differently, and the same prompt must
    always give the same bytes.
    """

    def __init__(self, tokenizer: Any, model: Any, penultimate: bool = False) -> None:
        self.tokenizer = tokenizer
        self.model = model
        self._penultimate = penultimate
        # Some tokenizers have no maximum length.
        self.window = min(tokenizer.model_max_length, model.config.max_position_embeddings)
        self.most_tokens: int = (self.window - 2) * MAX_CHUNKS

    def tokens(self, prompt: str) -> list[Token]:
        """All tokens of the prompt, even beyond `most_tokens`."""
        return [
            Token(number, piece.weight)
            for piece in read_emphasis(prompt)
            for number in self._numbers(piece.text)
        ]

    def chunks(self, prompt: str) -> list[Chunk]:
        """The tokens in chunks that fit into the window, at least one. Raises TextTooLong."""
        tokens = self.tokens(prompt)
        if len(tokens) > self.most_tokens:
            raise TextTooLong(
                f"A text of {len(tokens)} tokens is too long: the model reads at most "
                f"{self.most_tokens}."
            )
        room = self.window - 2
        return [tuple(tokens[at : at + room]) for at in range(0, len(tokens), room)] or [()]

    def read(self, chunk: Chunk) -> tuple[Tensor, Tensor]:
        """The states [window, width] of one padded chunk, and its pooled vector [width].

        Emphasis works as in ComfyUI and compel: weight 1 changes nothing, weight 0 gives the state
        of the empty text.
        """
        states, pooled = self._encoded(chunk)
        if any(token.weight != 1 for token in chunk):
            nothing, _ = self._encoded(())
            more = torch.zeros(self.window, 1)
            more[1 : 1 + len(chunk), 0] = torch.tensor([token.weight - 1 for token in chunk])
            states = states + more.to(states) * (states - nothing)
        return states, pooled

    def _numbers(self, text: str) -> list[int]:
        # verbose=False: no warning about texts that are longer than the window.
        numbers: list[int] = self.tokenizer(text, add_special_tokens=False, verbose=False).input_ids
        return numbers

    def _encoded(self, chunk: Chunk) -> tuple[Tensor, Tensor]:
        marks = self.tokenizer
        tokens = [marks.bos_token_id, *(token.id for token in chunk), marks.eos_token_id]
        padding = self.window - len(tokens)
        ids = torch.tensor([tokens + [marks.pad_token_id] * padding], device=self.model.device)
        mask = None
        if getattr(self.model.config, "use_attention_mask", False):
            mask = torch.tensor([[1] * len(tokens) + [0] * padding], device=self.model.device)
        output = self.model(ids, attention_mask=mask, output_hidden_states=self._penultimate)
        pooled = output.text_embeds if hasattr(output, "text_embeds") else output.pooler_output
        states = output.hidden_states[-2] if self._penultimate else output.last_hidden_state
        return states[0], pooled[0]


class TextEncoder:
    """All text encoders of a model: prompts in, conditions out, with a cache.

    `pooling`: the U-Net also takes the pooled vector of the last encoder. `empty_is_zero`: the
    empty text is encoded as zeros.
    """

    def __init__(
        self,
        clips: Sequence[ClipEncoder],
        pooling: bool = False,
        empty_is_zero: bool = False,
        lora_layers: LoraLayers | None = None,
    ) -> None:
        self.clips = tuple(clips)
        self.hits = 0
        self.misses = 0
        self._pooling = pooling
        self._empty_is_zero = empty_is_zero
        self._lora_layers = lora_layers
        self._kept: OrderedDict[tuple[str, Loras], Condition] = OrderedDict()

    @property
    def most_tokens(self) -> int:
        """The most tokens of a text."""
        return min(clip.most_tokens for clip in self.clips)

    def count_tokens(self, prompt: str) -> int:
        """The number of tokens of a text, even beyond `most_tokens`."""
        return max(len(clip.tokens(prompt)) for clip in self.clips)

    def chunks(self, prompts: Iterable[str]) -> int:
        """The number of chunks of the longest prompt. Raises TextTooLong."""
        return max(len(clip.chunks(prompt)) for prompt in prompts for clip in self.clips)

    def encode(self, prompts: Sequence[str], loras: Loras = ()) -> tuple[Condition, ...]:
        """One condition per prompt, all of equal length. Raises TextTooLong.

        Shorter ones are padded with empty chunks, so that the rows of a request can share a pass.
        """
        conditions = [self._condition(prompt, loras) for prompt in prompts]
        longest = max(len(condition.states) for condition in conditions)
        return tuple(self._padded(condition, longest) for condition in conditions)

    def _condition(self, prompt: str, loras: Loras) -> Condition:
        key = prompt, loras
        if key in self._kept:
            self.hits += 1
            self._kept.move_to_end(key)
            return self._kept[key]
        self.misses += 1
        condition = self._kept[key] = self._read(prompt, loras)
        if len(self._kept) > CACHED_TEXTS:
            self._kept.popitem(last=False)
        return condition

    @torch.inference_mode()
    def _read(self, prompt: str, loras: Loras) -> Condition:
        with self._lora_layers.applied([loras]) if self._lora_layers else nullcontext():
            # Two tokenizers might split a prompt into different numbers of chunks.
            chunks = zip_longest(*(clip.chunks(prompt) for clip in self.clips), fillvalue=())
            read = [
                [clip.read(chunk) for clip, chunk in zip(self.clips, column, strict=True)]
                for column in chunks
            ]
        states = torch.cat([torch.cat([states for states, _ in row], dim=1) for row in read])
        pooled = read[0][-1][1] if self._pooling else None
        if self._empty_is_zero and not prompt:
            states = torch.zeros_like(states)
            pooled = None if pooled is None else torch.zeros_like(pooled)
        return Condition(states, pooled, loras)

    def _padded(self, condition: Condition, tokens: int) -> Condition:
        missing = tokens - len(condition.states)
        if not missing:
            return condition
        nothing = self._condition("", condition.loras).states
        states = torch.cat([condition.states, *[nothing] * (missing // len(nothing))])
        return Condition(states, condition.pooled, condition.loras)
