"""What a check of an e-invoice found. Shared by the process that asks and the one that checks."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Findings:
    """Each a sentence that begins with its rule's id. With `faults` it may not leave; `warnings` are advice."""

    faults: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def as_bytes(self) -> bytes:
        return json.dumps({"faults": self.faults, "warnings": self.warnings}).encode()


def read_findings(answer: bytes) -> Findings:
    """From `as_bytes`; ValueError for anything else."""
    told = json.loads(answer)
    if not isinstance(told, dict) or set(told) != {"faults", "warnings"}:
        raise ValueError("Those are no findings.")
    for sentences in told.values():
        if not isinstance(sentences, list) or not all(isinstance(one, str) for one in sentences):
            raise ValueError("Those are no findings.")
    return Findings(tuple(told["faults"]), tuple(told["warnings"]))
