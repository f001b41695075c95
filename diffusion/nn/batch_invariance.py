"""Batch invariance: calls whose rows do not depend on the batch size or on their place in it.

Matrix libraries choose kernels, blocks and threads by the batch size, and another order of addition
rounds differently. So each kind of call is examined at each batch size before its result is used.
`RowSizes` runs it on test data. A batch size is used only if every row has the same bytes as at the
reference size. Otherwise the rows are split into batches of a size that does, in the worst case 1.

The test data (`cancelling`) are sums whose exact result is 0. What remains are the rounding errors,
which differ for nearly every other order of addition. Thousands of sums are compared for every row.
With real pictures these errors are often too small for bfloat16, so that two different orders would
look equal most of the time. Libraries choose kernels by sizes, never by values, so the kernel that
was examined is the kernel that is used. The idea of summands that cancel is from Xie et al. 2025,
“FPRev: revealing the order of floating-point summation”.
"""

import hashlib
from collections.abc import Callable, Hashable

import torch
from torch import Tensor

PROBES = 2
"""How many sets of test data each batch size is examined with."""

BIAS = 2.0**-20
"""The size of test biases: like the rounding errors, so that a bias does not hide them."""

Call = Callable[..., Tensor]
Probe = Callable[[torch.Generator], tuple[tuple[Tensor, ...], Call]]
"""Makes test inputs [1, ...] of one row in float32, and the call to examine with them."""


class RowSizes:
    """The usable batch sizes of each kind of call, up to `max_rows`.

    Call `begin` before every pass. `examined` counts the examinations; each is made once.
    """

    def __init__(self, max_rows: int) -> None:
        self.examined = 0
        self._max_rows = max_rows
        self._reference = 1
        self._threads = 1
        self._usable: dict[Hashable, int] = {}
        self._prints: dict[Hashable, bytes | None] = {}

    def begin(self, reference: int) -> None:
        """Set the reference batch size, and note the number of threads, which kernels depend on."""
        self._reference, self._threads = reference, torch.get_num_threads()

    def run(self, kind: Hashable, call: Call, probe: Probe, *inputs: Tensor) -> Tensor:
        """The result [rows, ...] of the call for inputs [rows, ...], in usable batch sizes."""
        inputs = tuple(_in_order(one) for one in inputs)
        layouts = tuple((one.shape[1:], one.stride()[1:], one.dtype, one.device) for one in inputs)
        key, rows = (kind, layouts, self._threads), len(inputs[0])
        size = self._usable.get((key, self._reference, rows))
        if size is None:
            size = self._find(key, rows, probe, inputs)
            self._usable[key, self._reference, rows] = size
        return call(*inputs) if size == rows else in_portions(size, call, *inputs)

    def _find(self, key: Hashable, rows: int, probe: Probe, inputs: tuple[Tensor, ...]) -> int:
        """The smallest batch size from `rows` on that agrees with the reference; 1 if none does."""
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
    """The digest of the result for a batch of `size` equal rows; None if the rows differ.

    The batch has the memory layout of the inputs.
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
    """The result of the call for inputs [rows, ...], in batches of `size` rows.

    The last batch is padded by repeating its last row; rows are independent.
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
    """A random input [1, ...] and weights [out, in, ...] whose sums over `in` are exactly 0.

    `dim` of the input is `in`. Each summand has its opposite at a random place; magnitudes differ
    by thousands.
    """
    values, factors = wide(chance, torch.Size((1, *shape))), torch.zeros(weights)
    places = torch.randperm(weights[1], generator=chance)
    if weights[1] == 1:
        return values, torch.randn(weights, generator=chance)
    half = weights[1] // 2
    first, second = places[:half], places[half : 2 * half]
    values.index_copy_(dim, second, values.index_select(dim, first))
    # One magnitude per input channel is enough, and much faster than one per weight.
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
    """The same rows, contiguous and aligned like a new tensor."""
    if x.device.type == "cpu":
        x = x.contiguous()
        return x.clone() if x.data_ptr() % 64 else x
    return x if x.stride(0) >= max(x.stride()) else x.contiguous()


def _repeated(row: Tensor, size: int, like: Tensor) -> Tensor:
    """Row [1, ...] repeated to [size, ...], with the dtype, device and layout of `like`."""
    strides = (like[0].numel(), *like.stride()[1:])
    rows = torch.empty_strided(
        (size, *like.shape[1:]), strides, dtype=like.dtype, device=like.device
    )
    return rows.copy_(row.expand(rows.shape))


def _filled(rows: Tensor, size: int) -> Tensor:
    """The rows padded to `size`, aligned like a new tensor: kernels may depend on alignment."""
    if len(rows) == size and rows.data_ptr() % 64 == 0:
        return rows
    filled = torch.empty_like(rows[:1].expand(size, *rows.shape[1:]).contiguous())
    filled[: len(rows)] = rows
    filled[len(rows) :] = rows[-1:]
    return filled
