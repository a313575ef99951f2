"""The few words of HTML that the simulator's pages are made of. Every text is escaped here."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

_STYLE = """
:root { color-scheme: light dark; --ground: light-dark(#eef1f6, #151a23); --card: light-dark(#fff, #1e2531);
  --ink: light-dark(#1d2433, #e4e8ef); --soft: light-dark(#5b6577, #9aa5b8); --line: light-dark(#dde2ea, #343d4d);
  --deed: light-dark(#2353c4, #7ea4ff); --on-deed: light-dark(#fff, #10141c); }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; padding: 2rem 1rem;
  background: var(--ground); color: var(--ink) }
main { max-width: 44rem; margin: auto; padding: 1.5rem 2rem; background: var(--card); border: 1px solid var(--line);
  border-radius: 10px; overflow-x: auto }
h1 { font-size: 1.4rem; margin: 0 0 .5rem } h2 { font-size: 1.1rem; margin-top: 2rem }
small, .none { color: var(--soft) }
a { color: var(--deed) } form { margin: 1rem 0 } label { display: block; margin: .8rem 0 .25rem; font-weight: 600 }
select { font: inherit; padding: .5rem; width: 100%; border: 1px solid var(--line); border-radius: 6px;
  background: var(--card); color: inherit }
button { font: inherit; padding: .5rem 1.2rem; margin: .8rem .4rem 0 0; border-radius: 6px;
  border: 1px solid var(--line); background: var(--card); color: inherit; cursor: pointer }
form > div > button { background: var(--deed); border-color: var(--deed); color: var(--on-deed); font-weight: 600 }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
td, th { text-align: left; padding: .35rem .6rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top }
@media (max-width: 30rem) { body { padding: 0 } main { border: 0; border-radius: 0; padding: 1rem } }
"""


def page(title: str, *parts: str) -> str:
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    note = "<p><small>This is a simulator of Mollie. No money moves.</small></p>"
    inner = f"<h1>{escape(title)}</h1>{''.join(parts)}{note}"
    return f'<!doctype html><html lang="en">{head}<style>{_STYLE}</style><main>{inner}</main></html>'


def paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def heading(text: str) -> str:
    return f"<h2>{escape(text)}</h2>"


def anchor(address: str, text: str) -> str:
    return f'<a href="{escape(address)}">{escape(text)}</a>'


def choice(name: str, label: str, options: Iterable[tuple[str, str]]) -> str:
    """options: value and text."""
    inner = "".join(f'<option value="{escape(value)}">{escape(text)}</option>' for value, text in options)
    field = f'<select id="{name}" name="{name}">{inner}</select>'
    return f'<label for="{name}">{escape(label)}</label>{field}'


def form(address: str, *parts: str, button: str) -> str:
    inner = "".join(parts)
    return f'<form method="post" action="{escape(address)}">{inner}<div><button>{escape(button)}</button></div></form>'


def buttons(address: str, name: str, options: Iterable[tuple[str, str]]) -> str:
    """Each sends its value. options: value and text."""
    inner = "".join(
        f'<button name="{escape(name)}" value="{escape(value)}">{escape(text)}</button>' for value, text in options
    )
    return f'<form method="post" action="{escape(address)}">{inner}</form>'


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Cells are HTML already."""
    rows = list(rows)
    if not rows:
        return '<p class="none">None yet.</p>'
    top = "".join(f"<th>{escape(text)}</th>" for text in head)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{body}</table>"
