"""`dev.py docs`: once for each state of the docs, beside the old site, and never half."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

import dev


@pytest.fixture
def builder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A folder with docs in it, and a builder that answers with the first of these codes."""
    for name in ("docs/a.md", "mkdocs.yml", "requirements/docs.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("text")
    codes: list[int] = []

    def build(command: list[str], **more: Any) -> Any:
        folder = Path(command[command.index("--site-dir") + 1])
        folder.mkdir()
        (folder / "index.html").write_text((tmp_path / "docs" / "a.md").read_text())
        return subprocess.CompletedProcess(command, codes.pop(0))

    monkeypatch.setattr(dev, "ROOT", tmp_path)
    monkeypatch.setattr(dev, "SITE", tmp_path / "site")
    monkeypatch.setattr(dev, "install", lambda *groups: 0)
    monkeypatch.setattr(os, "nice", lambda step: 0)
    monkeypatch.setattr(subprocess, "run", build)
    return codes


def test_it_builds_when_stale_and_only_then(builder: list[int], tmp_path: Path) -> None:
    builder += [0, 0]
    assert dev.docs(quietly=True) == 0 and (tmp_path / "site" / "index.html").read_text() == "text"
    assert dev.docs(quietly=True) == 0 and len(builder) == 1
    (tmp_path / "docs" / "a.md").write_text("new")
    assert dev.docs(quietly=True) == 0 and (tmp_path / "site" / "index.html").read_text() == "new"
    assert builder == []


def test_a_failure_leaves_the_old_site(builder: list[int], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    builder += [0, 1]
    dev.docs(quietly=True)
    (tmp_path / "docs" / "a.md").write_text("new")
    assert dev.docs(quietly=True) == 1 and "dev.py docs says why" in capsys.readouterr().out
    assert (tmp_path / "site" / "index.html").read_text() == "text" and dev._site_is_stale()
