"""Layers whose rows do not depend on how many rows there are, nor on their place among them.

Matrix libraries choose kernels, blocks and threads by the size of a batch, and another order of
addition rounds otherwise. So each kind of call is examined, for each number of rows, before its
result is used: `RowSizes` runs it on data made for that purpose, and a number of rows is used only
if every row comes out with the bytes that the reference number gives. Otherwise the rows are
handed over in portions of a number that does, at the worst one at a time.

No data can fool this comparison as pictures can. A library chooses by sizes and never by values,
so the kernel examined is the kernel used. And the data (`cancelling`) are sums whose exact result
is nought: what is left of each is its rounding errors alone, which hardly any other order of
addition shares, and thousands of sums are compared at every place. In a picture those errors lie
below what bfloat16 keeps, so that two orders look alike until one day they do not. Summands that
cancel one another are how Xie et al. 2025, “FPRev: revealing the order of floating-point
summation”, tell orders apart.
"""

import hashlib
from collections.abc import Callable, Hashable

import torch
from torch import Tensor

PROBES = 2
"""How many sets of data each number of rows is examined with."""

BIAS = 2.0**-20
"""About as large as the rounding errors, so that when it is added shows and does not hide them."""

Call = Callable[..., Tensor]
Probe = Callable[[torch.Generator], tuple[tuple[Tensor, ...], Call]]
"""Makes the inputs [1, ...] of one row in float32, and the call that is examined with them."""


class RowSizes:
    """For each kind of call, in which numbers its rows may be handed over.

    `begin` comes before every pass. `examined` counts the examinations, which take time once.
    """

    def __init__(self, max_rows: int) -> None:
        self.examined = 0
        self._max_rows = max_rows
        self._reference = 1
        self._threads = 1
        self._usable: dict[Hashable, int] = {}
        self._prints: dict[Hashable, bytes | None] = {}

    def begin(self, reference: int) -> None:
        """From now on, this number of rows defines the bytes; kernels depend on threads too."""
        self._reference, self._threads = reference, torch.get_num_threads()

    def run(self, kind: Hashable, call: Call, probe: Probe, *inputs: Tensor) -> Tensor:
        """The call's result [rows, ...] for inputs [rows, ...]."""
        inputs = tuple(_in_order(one) for one in inputs)
        layouts = tuple((one.shape[1:], one.stride()[1:], one.dtype, one.device) for one in inputs)
        key, rows = (kind, layouts, self._threads), len(inputs[0])
        size = self._usable.get((key, self._reference, rows))
        if size is None:
            size = self._find(key, rows, probe, inputs)
            self._usable[key, self._reference, rows] = size
        return call(*inputs) if size == rows else in_portions(size, call, *inputs)

    def _find(self, key: Hashable, rows: int, probe: Probe, inputs: tuple[Tensor, ...]) -> int:
        """The least number, from `rows` on, that agrees with the reference, or the reference."""
        expected = self._print(key, self._reference, probe, inputs)
        if expected is None:
            return 1
        for size in range(rows, max(self._max_rows, self._reference) + 1):
            if size == self._reference or self._print(key, size, probe, inputs) == expected:
                return size
        return self._reference

    def _print(
        self, key: Hashable, size: int, probe: Probe, inputs: tuple[Tensor, ...]
    ) -> bytes | None:
        if (key, size) not in self._prints:
            self.examined += 1
            self._prints[key, size] = _fingerprint(size, probe, inputs)
        return self._prints[key, size]


def _fingerprint(size: int, probe: Probe, inputs: tuple[Tensor, ...]) -> bytes | None:
    """What a call makes of one row, handed over `size` times; None if that depends on its place.

    The rows are laid out in memory as the inputs are.
    """
    digest = hashlib.sha256()
    for number in range(PROBES):
        rows, call = probe(torch.Generator().manual_seed(number))
        made = call(*(_repeated(row, size, like) for row, like in zip(rows, inputs, strict=True)))
        bits = made.contiguous().flatten().view(torch.uint8).view(size, -1)
        if not bool(made.isfinite().all()) or not torch.equal(bits, bits[:1].expand_as(bits)):
            return None
        digest.update(bits[0].cpu().numpy().tobytes())
    return digest.digest()


def in_portions(size: int, call: Call, *inputs: Tensor) -> Tensor:
    """The call's result for inputs [rows, ...], of which it sees `size` rows at a time.

    The last portion is filled up; any row will do, for no row knows the others.
    """
    rows = len(inputs[0])
    parts = []
    for start in range(0, rows, size):
        count = min(size, rows - start)
        portion = (_filled(one[start : start + count], size) for one in inputs)
        parts.append(call(*portion)[:count])
    return torch.cat(parts)


def cancelling(
    chance: torch.Generator, shape: torch.Size, dim: int, weights: torch.Size
) -> tuple[Tensor, Tensor]:
    """An input [1, ...] and weights [out, in, ...] whose sums over `in`, the input's `dim`, are 0.

    Each summand has its opposite at a place drawn by lot. Magnitudes differ by thousands.
    """
    values, factors = wide(chance, torch.Size((1, *shape))), torch.zeros(weights)
    places = torch.randperm(weights[1], generator=chance)
    if weights[1] == 1:
        return values, torch.randn(weights, generator=chance)
    half = weights[1] // 2
    first, second = places[:half], places[half : 2 * half]
    values.index_copy_(dim, second, values.index_select(dim, first))
    # One magnitude for each place, and not for each weight, of which there are many.
    powers = torch.randint(-4, 5, (half, *[1] * (len(weights) - 2)), generator=chance)
    drawn = torch.randn(weights[0], half, *weights[2:], generator=chance) * torch.exp2(
        powers.float()
    )
    factors[:, first], factors[:, second] = drawn, -drawn
    return values, factors


def wide(chance: torch.Generator, shape: torch.Size) -> Tensor:
    """Random numbers of very different magnitudes, float32 on the CPU."""
    powers = torch.randint(-4, 5, shape, generator=chance)
    return torch.randn(shape, generator=chance) * torch.exp2(powers.float())


def _in_order(x: Tensor) -> Tensor:
    """The same rows one behind the other, as a fresh tensor has them."""
    if x.device.type == "cpu":
        x = x.contiguous()
        return x.clone() if x.data_ptr() % 64 else x
    return x if x.stride(0) >= max(x.stride()) else x.contiguous()


def _repeated(row: Tensor, size: int, like: Tensor) -> Tensor:
    """Row [1, ...] as [size, ...], in the type, place and layout of `like`."""
    strides = (like[0].numel(), *like.stride()[1:])
    rows = torch.empty_strided(
        (size, *like.shape[1:]), strides, dtype=like.dtype, device=like.device
    )
    return rows.copy_(row.expand(rows.shape))


def _filled(rows: Tensor, size: int) -> Tensor:
    """So many rows, in memory that is aligned as a fresh tensor's is, which kernels may look at."""
    if len(rows) == size and rows.data_ptr() % 64 == 0:
        return rows
    filled = torch.empty_like(rows[:1].expand(size, *rows.shape[1:]).contiguous())
    filled[: len(rows)] = rows
    filled[len(rows) :] = rows[-1:]
    return filled
