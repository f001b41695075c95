"""Train one model with several processes on the cores of a CPU.

Each has one thread and they exchange gradients once per step. Threads inside one process would wait
for each other at every operation, which is slow as soon as anything else runs. The result depends
only on the seed and the number of workers.
"""

# mypy: allow-untyped-calls

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import nn
from torch.multiprocessing.spawn import spawn


@dataclass(frozen=True, slots=True)
class Place:
    """The index of this worker and the number of workers; the first one writes logs and
    checkpoints."""

    rank: int = 0
    workers: int = 1


SINGLE_WORKER = Place()


def launch(train: Callable[..., None], workers: int, *arguments: Any) -> None:
    """Call `train(place, *arguments)` in as many processes, and wait for all of them."""
    if workers == 1:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            train(SINGLE_WORKER, *arguments)
        finally:
            torch.set_num_threads(threads)
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    os.environ["OMP_NUM_THREADS"] = "1"
    spawn(_join, (workers, port, train, arguments), nprocs=workers)


def _join(
    rank: int, workers: int, port: int, train: Callable[..., None], arguments: tuple[Any, ...]
) -> None:
    torch.set_num_threads(1)
    threading.Thread(target=_leave_with_parent, args=(os.getppid(),), daemon=True).start()
    address = f"tcp://127.0.0.1:{port}"
    dist.init_process_group("gloo", init_method=address, rank=rank, world_size=workers)
    train(Place(rank, workers), *arguments)
    dist.destroy_process_group()


def _leave_with_parent(parent: int) -> None:
    """End the worker when its parent is killed: it must not go on writing the same checkpoint."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def average_gradients(model: nn.Module, workers: int) -> None:
    """Replace every gradient by its mean over the workers."""
    if workers == 1:
        return
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
    dist.all_reduce(flat)
    flat /= workers
    start = 0
    for gradient in gradients:
        gradient.copy_(flat[start : start + gradient.numel()].view_as(gradient))
        start += gradient.numel()
