"""Two revisions in turn on one machine: what each measured, and how many times the other's it is.

A round is one run of each; who begins changes from round to round, and the ratios are taken inside a round, so that a
machine that grows slower meanwhile says nothing. Each side has a company of its own, the same by construction, and a
first round that is thrown away: it loads, and warms what can be warmed.
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
INSTALLED_FROM = ("requirements/run.txt", "requirements/test.txt", "package-lock.json")
NOTABLE = 0.10  # of a ratio's distance from 1
ROW = re.compile(r"^\| (?P<what>[^|]+) \| (?P<ours>[\d.,]+)(?P<unit>[^|]*) \| (?P<floor>[\d.,]*)")
FLOOR = " (floor)"  # the same plain SQL on both sides: how far it is from itself is how far the machine can be trusted
Figures = dict[str, tuple[float, str]]  # what was measured → the number as printed, its unit


@dataclass
class Side:
    """One revision: where its code is, which Python has its packages, what it measured in each round."""

    name: str
    tree: Path
    python: Path
    var: Path
    rounds: list[Figures] = field(default_factory=list)


def compare(revision: str, sizes: list[int], rounds: int, events: int, verify_up_to: int, folder: Path) -> int:
    """Prints one table for each size; 1 when a measurement failed."""
    failed = False
    with _checked_out(revision, folder / "then-code") as tree:
        python = _python_for(tree)
        for size in sizes:
            then = Side("then", tree, python, folder / f"then-{size}")
            now = Side("now", ROOT, Path(sys.executable), folder / f"now-{size}")
            failed |= not _measure_in_turn(then, now, size, rounds, events, verify_up_to)
            print(f"\n## {size:,} accounts: now against {revision}, medians of {len(now.rounds)} rounds\n")
            print("\n".join(list_rows(then.rounds, now.rounds)), flush=True)
    return 1 if failed else 0


@contextmanager
def _checked_out(revision: str, tree: Path) -> Iterator[Path]:
    """The revision in a worktree of its own, which goes again."""
    git = ["git", "-C", str(ROOT)]
    found = subprocess.run([*git, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}"], capture_output=True)
    if found.returncode:
        sys.exit(f"dev.py: there is no revision {revision}.")
    subprocess.run([*git, "worktree", "add", "--quiet", "--detach", str(tree), revision], check=True)
    try:
        yield tree
    finally:
        subprocess.run([*git, "worktree", "remove", "--force", str(tree)])


def _python_for(tree: Path) -> Path:
    """Our own where both want the same packages, otherwise the revision installs its own."""
    if all(_content(tree / name) == _content(ROOT / name) for name in INSTALLED_FROM):
        (tree / "node_modules").symlink_to(ROOT / "node_modules")
        return Path(sys.executable)
    print("(its packages are others: installing them beside it)", flush=True)
    if subprocess.run([sys.executable, "dev.py", "install"], cwd=tree).returncode:
        sys.exit("dev.py: the packages of that revision could not be installed.")
    return tree / ".venv" / ("Scripts" if os.name == "nt" else "bin") / "python"


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def _measure_in_turn(then: Side, now: Side, size: int, rounds: int, events: int, verify_up_to: int) -> bool:
    """False when one of the runs failed; what was measured until then is kept."""
    for number in range(rounds + 1):
        print(f"({size:,} accounts, {f'round {number} of {rounds}' if number else 'loading'})", flush=True)
        found: dict[str, Figures] = {}
        for side in (then, now) if number % 2 else (now, then):
            code, found[side.name] = _run(side, size, events, verify_up_to if number else 0)
            if code:
                print(f"({side.name}: the measurement failed with code {code})", flush=True)
                return False
        if number:
            then.rounds.append(found["then"])
            now.rounds.append(found["now"])
    return True


def _run(side: Side, size: int, events: int, verify_up_to: int) -> tuple[int, Figures]:
    environment = {**os.environ, "BURSAR_VAR": str(side.var), "BURSAR_LOG": "json"}
    for name in ("DATABASE_URL", "PYTHONPATH"):
        environment.pop(name, None)
    side.var.mkdir(parents=True, exist_ok=True)
    command = [str(side.python), "-m", "bench.measure", str(size), str(events), str(verify_up_to)]
    done = subprocess.run(command, cwd=side.tree, env=environment, stdout=subprocess.PIPE, text=True)
    return done.returncode, read_figures(done.stdout)


def read_figures(table: str) -> Figures:
    """Ours, and the floors, from the table that `bench.measure` prints."""
    found = filter(None, map(ROW.match, table.splitlines()))
    figures: Figures = {}
    for row in found:
        figures[row["what"]] = float(row["ours"].replace(",", "")), row["unit"].strip()
        if row["floor"]:
            figures[row["what"] + FLOOR] = float(row["floor"].replace(",", "")), ""
    return figures


def list_rows(then: list[Figures], now: list[Figures]) -> Iterator[str]:
    """The table: what both measured in every round and in one unit, in our order."""
    yield "| what | then | now | now ÷ then | smallest to largest | |"
    yield "|---|---|---|---|---|---|"
    floors = []
    for what, pairs in _pair(then, now).items():
        before, after = (statistics.median(sides) for sides in zip(*pairs, strict=True))
        ratios = [new / old for old, new in pairs if old]
        if what.endswith(FLOOR):
            floors.append(statistics.median(ratios))
            continue
        unit = now[0][what][1]
        shown = f"| {what} | {f'{before:,g} {unit}'.strip()} | {f'{after:,g} {unit}'.strip()} |"
        if len(ratios) < len(pairs):  # against nothing there is no ratio
            yield f"{shown} | | |"
            continue
        ratio = statistics.median(ratios)
        yield f"{shown} {ratio:.2f} | {min(ratios):.2f} to {max(ratios):.2f} | {_mark(what, ratio)} |"
    if floors:
        yield f"\nThe floors, the same SQL on both sides, came out at {min(floors):.2f} to {max(floors):.2f} of themselves."


def _pair(then: list[Figures], now: list[Figures]) -> dict[str, list[tuple[float, float]]]:
    pairs: dict[str, list[tuple[float, float]]] = {}
    for what, (_, unit) in (now[0] if now else {}).items():
        sides = [(old.get(what), new.get(what)) for old, new in zip(then, now, strict=True)]
        known = [(old[0], new[0]) for old, new in sides if old and new and old[1] == new[1] == unit]
        if len(known) == len(sides):
            pairs[what] = known
    return pairs


RATES = ("/s", ", a second")


def _mark(what: str, ratio: float) -> str:
    """A rate is better when it is higher, anything else when it is lower."""
    if round(abs(ratio - 1), 2) <= NOTABLE:
        return ""
    return "better" if (ratio > 1) == any(word in what for word in RATES) else "**worse**"
