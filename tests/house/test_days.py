"""One place words a day, an instant and an end: whoever does it by hand is named here."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

from django.conf import settings
from django.template import Context, Template

from bursar.core.days import last_day_of, say_day, say_end, tell_end

ROOT = Path(settings.ROOT)
HOME = ROOT / "bursar/core/days.py"
SOURCES = [
    path
    for path in sorted(ROOT.glob("bursar/**/*.py"))
    if path != HOME and not {"migrations", "demo"} & set(path.parts)
]
TEMPLATES = sorted(ROOT.glob("bursar/**/templates/**/*.html")) + sorted(ROOT.glob("bursar/**/templates/**/*.txt"))
DAY_BY_HAND = re.compile(r"%-?[de]\b.*%[bB]|%[bB].*%-?[de]\b|%-d|%[FcxD]")
END = re.compile(r"(?:^|_|\.)(until|ends?|ends_at|lapses_at|expires_at|valid_until|lapsed_at)$")
END_AS_DAY = re.compile(r"\{\{\s*([\w.]+)\|(?:day|instant|local_day|date)\b")


def list_day_faults(source: str) -> Iterator[str]:
    """Dates that a format spec or strftime words, and ends that are worded as if they were days."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FormattedValue) and node.format_spec is not None:
            spec = ast.unparse(node.format_spec)
            if DAY_BY_HAND.search(spec):
                yield f"line {node.lineno}: {spec}"
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "strftime":
            yield f"line {node.lineno}: strftime"
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("say_day", "say_instant"):
            if not (node.args and END.search(ast.unparse(node.args[0]))):
                continue
            yield f"line {node.lineno}: an end is worded by say_end, not {ast.unparse(node)}"


def list_template_faults(text: str) -> list[str]:
    return [f"{name}: an end is worded by |end" for name in END_AS_DAY.findall(text) if END.search(name)]


def test_nobody_words_a_date_by_hand() -> None:
    found = {str(path.relative_to(ROOT)): list(list_day_faults(path.read_text())) for path in SOURCES}
    assert not {path: faults for path, faults in found.items() if faults}


def test_no_template_words_an_end_by_hand() -> None:
    found = {path.name: list_template_faults(path.read_text()) for path in TEMPLATES}
    assert not {name: faults for name, faults in found.items() if faults}


def test_what_is_worded_by_hand_is_named() -> None:
    assert list(list_day_faults('f"until {row.until:%-d %B %Y}"'))
    assert list(list_day_faults('at.strftime("%F")'))
    assert list(list_day_faults("say_day(terms.paid_until)"))
    assert not list(list_day_faults("say_end(terms.paid_until) + say_day(request.end_date)"))
    assert list_template_faults("{{ fact.grant_until|day }}") and not list_template_faults("{{ fact.grant_until|end }}")


def test_an_end_at_midnight_is_the_day_before_for_every_reader() -> None:
    end = datetime(2026, 7, 1, tzinfo=UTC)
    for zone in (UTC, timezone(timedelta(hours=2)), timezone(timedelta(hours=-11))):
        assert say_end(end.astimezone(zone)) == "30 June 2026"
        assert say_end(end.astimezone(zone), is_short=True) == "30 Jun"
    shown = Template("{% load ui %}{{ at|end }}").render(Context({"at": end}))
    assert shown == "30 June 2026", "no <time>: no script turns it into another day"
    assert tell_end(end) == {"until": "2026-07-01T00:00:00+00:00", "last_day": "2026-06-30"}


def test_any_other_end_is_day_and_time() -> None:
    end = datetime(2026, 12, 24, 14, 2, 11, tzinfo=UTC)
    assert say_end(end) == "24 December 2026, 14:02 UTC"
    assert last_day_of(end) == date(2026, 12, 24)
    shown = Template("{% load ui %}{{ at|end }}").render(Context({"at": end}))
    assert shown.startswith("<time datetime=") and "data-local>24 Dec 2026, 14:02 UTC<" in shown
    assert tell_end(None) == {"until": None, "last_day": None} and say_end(None) == say_day(None) == ""
