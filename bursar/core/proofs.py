"""What else `bursar verify` asks whether it is whole: rooms above the command add their own proof."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bursar.core.registry import Registry

Proof = Callable[[str], Iterator[str]]
"""Sentences on what is not as it should be; of one account by its public id, of all where that is empty."""

PROOFS: Registry[Proof] = Registry("proof")
