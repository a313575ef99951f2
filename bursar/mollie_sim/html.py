"""The few words of HTML that the simulator's pages are made of. Every text is escaped here."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 44rem; margin: 3rem auto; padding: 0 1rem; color: #1d2433; }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin-top: 2rem } small { color: #5b6577 }
form { margin: 1rem 0 } label { display: block; margin: .6rem 0 .2rem } select { font: inherit; padding: .3rem }
button { font: inherit; padding: .4rem 1rem; margin: .8rem .4rem 0 0 } table { border-collapse: collapse; width: 100% }
td, th { text-align: left; padding: .25rem .6rem .25rem 0; border-bottom: 1px solid #dde2ea }
"""


def page(title: str, *parts: str) -> str:
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    note = "<p><small>This is a simulator of Mollie. No money moves.</small></p>"
    body = "".join(parts)
    return f'<!doctype html><html lang="en">{head}<style>{_STYLE}</style><h1>{escape(title)}</h1>{body}{note}</html>'


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
    top = "".join(f"<th>{escape(text)}</th>" for text in head)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{body}</table>"
