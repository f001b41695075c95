"""Texts as a U-Net hears them: the states of CLIP's text encoders. Knows nothing of pictures.

SD 1.x hears the last layer of one encoder; so does 2.x, whose checkpoints leave out the layer
above. SDXL hears the last but one of two encoders side by side, and one pooled vector besides
(Podell et al. 2023). A text longer than an encoder's window is read in chunks, whose states
follow one another; emphasis moves a token's state away from that of no text at all.
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
"""How many texts' conditions are kept; a grid asks for the same two many times."""

MAX_CHUNKS = 16
"""How long a text may be: its attention costs as much as the picture's own from here on."""

Loras = tuple[Lora, ...]


class TextTooLong(Exception):
    """A text cannot be read; the message is one sentence for its author."""


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """One text as the U-Net hears it: `states` [tokens, width], `pooled` [width] for SDXL.

    `loras` are the additions to the U-Net's weights that belong to it, which its rows take along.
    """

    states: Tensor
    pooled: Tensor | None = None
    loras: Loras = ()


@dataclass(frozen=True, slots=True, eq=False)
class Conditions:
    """The conditions of the rows of a pass: `states` [rows, tokens, width], `pooled` [rows, width].

    `loras` are those of each row; empty where no row has any.
    """

    states: Tensor
    pooled: Tensor | None = None
    loras: tuple[Loras, ...] = ()


def together(conditions: Sequence[Condition]) -> Conditions:
    """Conditions of one length, and of one model, side by side."""
    pooled = [condition.pooled for condition in conditions if condition.pooled is not None]
    return Conditions(
        torch.stack([condition.states for condition in conditions]),
        torch.stack(pooled) if pooled else None,
        tuple(condition.loras for condition in conditions),
    )


@dataclass(frozen=True, slots=True)
class Token:
    """A token's number and how much it counts."""

    id: int
    weight: float


Chunk = tuple[Token, ...]


class ClipEncoder:
    """One of CLIP's text encoders and its tokenizer.

    One chunk at a time, because a batch of another size may round differently, and the same
    prompt must give the same bytes in any company.
    """

    def __init__(self, tokenizer: Any, model: Any, penultimate: bool = False) -> None:
        self.tokenizer = tokenizer
        self.model = model
        self._penultimate = penultimate
        # Some tokenizers do not say how long a text may be.
        self.window = min(tokenizer.model_max_length, model.config.max_position_embeddings)
        self.most_tokens: int = (self.window - 2) * MAX_CHUNKS

    def tokens(self, prompt: str) -> list[Token]:
        """All of the prompt's tokens, however many the model can read."""
        return [
            Token(number, piece.weight)
            for piece in read_emphasis(prompt)
            for number in self._numbers(piece.text)
        ]

    def chunks(self, prompt: str) -> list[Chunk]:
        """The prompt's tokens in chunks that fit between a start and an end, one at the least."""
        tokens = self.tokens(prompt)
        if len(tokens) > self.most_tokens:
            raise TextTooLong(
                f"A text of {len(tokens)} tokens is too long: the model reads at most "
                f"{self.most_tokens}."
            )
        room = self.window - 2
        return [tuple(tokens[at : at + room]) for at in range(0, len(tokens), room)] or [()]

    def read(self, chunk: Chunk) -> tuple[Tensor, Tensor]:
        """States [window, width] of one chunk, padded, and its pooled vector [width].

        Emphasis as ComfyUI and compel have it: a weight of 1 changes nothing and a weight of 0
        leaves what the encoder says of no text.
        """
        states, pooled = self._encoded(chunk)
        if any(token.weight != 1 for token in chunk):
            nothing, _ = self._encoded(())
            more = torch.zeros(self.window, 1)
            more[1 : 1 + len(chunk), 0] = torch.tensor([token.weight - 1 for token in chunk])
            states = states + more.to(states) * (states - nothing)
        return states, pooled

    def _numbers(self, text: str) -> list[int]:
        # What is longer than the window is no surprise here.
        numbers: list[int] = self.tokenizer(text, add_special_tokens=False, verbose=False).input_ids
        return numbers

    def _encoded(self, chunk: Chunk) -> tuple[Tensor, Tensor]:
        marks = self.tokenizer
        said = [marks.bos_token_id, *(token.id for token in chunk), marks.eos_token_id]
        padding = self.window - len(said)
        ids = torch.tensor([said + [marks.pad_token_id] * padding], device=self.model.device)
        mask = None
        if getattr(self.model.config, "use_attention_mask", False):
            mask = torch.tensor([[1] * len(said) + [0] * padding], device=self.model.device)
        heard = self.model(ids, attention_mask=mask, output_hidden_states=self._penultimate)
        pooled = heard.text_embeds if hasattr(heard, "text_embeds") else heard.pooler_output
        states = heard.hidden_states[-2] if self._penultimate else heard.last_hidden_state
        return states[0], pooled[0]


class TextEncoder:
    """All text encoders of a model: prompts in, conditions out, the newest ones kept.

    `pooling` says whether the U-Net hears the pooled vector of the last encoder, `empty_is_zero`
    whether no text at all is zeros to it instead of what the encoders say of it.
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
        """How many tokens of a text the model reads."""
        return min(clip.most_tokens for clip in self.clips)

    def count_tokens(self, prompt: str) -> int:
        """How many tokens a text has, also where they are more than the model reads."""
        return max(len(clip.tokens(prompt)) for clip in self.clips)

    def chunks(self, prompts: Iterable[str]) -> int:
        """How many chunks the longest of them has. Raises PromptError."""
        return max(len(clip.chunks(prompt)) for prompt in prompts for clip in self.clips)

    def encode(self, prompts: Sequence[str], loras: Loras = ()) -> tuple[Condition, ...]:
        """One condition for each prompt, all of one length. Raises PromptError.

        The shorter ones are lengthened by chunks without text, so that a request's rows can
        share a forward pass.
        """
        conditions = [self._condition(prompt, loras) for prompt in prompts]
        longest = max(len(condition.states) for condition in conditions)
        return tuple(self._lengthened(condition, longest) for condition in conditions)

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
            # The encoders' tokenizers might disagree on how many chunks there are.
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

    def _lengthened(self, condition: Condition, tokens: int) -> Condition:
        missing = tokens - len(condition.states)
        if not missing:
            return condition
        nothing = self._condition("", condition.loras).states
        states = torch.cat([condition.states, *[nothing] * (missing // len(nothing))])
        return Condition(states, condition.pooled, condition.loras)
