"""Leaves out what inference would import and never use: a third of a start's imports.

diffusers imports all its networks to get at one, and torch's compiler to mark what it shall not
compile. In these contexts such packages do not run their `__init__.py`, and their submodules are
imported as always. Afterwards everything is imported as usual.
"""

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import Any

DIFFUSERS = (
    "diffusers.models.autoencoders",
    "diffusers.models.transformers",
    "diffusers.models.unets",
    "diffusers.hooks",
)
COMPILER = "torch._dynamo"
MARKS = ("allow_in_graph", "assume_constant_result", "disable")
"""Decorators that tell the compiler something, and change nothing where nothing is compiled."""


class _Hollow(ModuleType):
    """A package without its own names. It runs its `__init__.py` if one is asked for after all."""

    def __getattr__(self, name: str) -> Any:
        # Such names the import system asks for.
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        self.__class__ = ModuleType  # type: ignore[assignment]
        loader: Any = self.__loader__
        loader.exec_module(self)
        return getattr(self, name)


@contextmanager
def without_compiler() -> Iterator[None]:
    """Leave out torch's compiler, which in here is only told what it shall not compile.

    For a process that will not compile the networks: what is marked in here stays unmarked. Does
    nothing if the compiler is imported already.
    """
    package = _hollow(COMPILER)
    if package:
        for mark in MARKS:
            setattr(package, mark, _unchanged)
    try:
        yield
    finally:
        _remove_hollow(COMPILER)


@contextmanager
def few_networks() -> Iterator[None]:
    """Import those networks of diffusers that are imported by name, for the first time."""
    for name in DIFFUSERS:
        _hollow(name)
    try:
        yield
    finally:
        for name in DIFFUSERS:
            _remove_hollow(name)


def _hollow(name: str) -> ModuleType | None:
    """Put the package in place, unless it is imported already or is no package any more."""
    if name in sys.modules:
        return None
    try:
        spec = importlib.util.find_spec(name)
    except ModuleNotFoundError:
        return None
    if spec is None or spec.submodule_search_locations is None:
        return None
    package = importlib.util.module_from_spec(spec)
    package.__class__ = _Hollow
    sys.modules[name] = package
    parent, _, last = name.rpartition(".")
    setattr(sys.modules[parent], last, package)
    return package


def _remove_hollow(name: str) -> None:
    if isinstance(sys.modules.get(name), _Hollow):
        del sys.modules[name]
        parent, _, last = name.rpartition(".")
        with suppress(AttributeError):
            delattr(sys.modules[parent], last)


def _unchanged(function: Any = None, *_: object, **__: object) -> Any:
    """A decorator, with arguments or without, that leaves the function as it is."""
    return function or (lambda decorated: decorated)
