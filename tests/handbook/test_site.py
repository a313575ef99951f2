"""The site under /handbook/: whole, for staff alone, nothing beside it, and a policy that fits each page."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from bursar.actions.registry import ACTIONS
from bursar.config.handbook import hash_scripts
from bursar.config.settings import ROOT
from tests.cast import Cast, sign_in

SCRIPT = "let page = '<p>é</p>';\n"
HTML = (
    f'<html><script src="a.js"></script><script>{SCRIPT}</script><script type="application/json">{{}}</script></html>'
)
HASH = f"'sha256-{base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()}'"


@pytest.fixture
def site(tmp_path: Path, settings: Any) -> Path:
    (tmp_path / "secret.txt").write_text("not for readers")
    folder = tmp_path / "site"
    for name, text in {"index.html": HTML, "actions/one/index.html": HTML, "a.js": "1", "search.json": "{}"}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    settings.BURSAR_HANDBOOK = folder
    return folder


@pytest.fixture
def ada(cast: Cast) -> Client:
    """Who may only read."""
    return sign_in("ada@agora.example")


def body(answer: Any) -> str:
    return b"".join(answer.streaming_content).decode() if answer.streaming else answer.content.decode()


def test_the_real_site_is_built_without_a_warning(built_site: Path) -> None:
    index = json.loads((built_site / "search" / "search_index.json").read_text())
    found = {page["location"] for page in index["docs"]}
    assert {f"actions/{key}/" for key in ACTIONS} <= found and {"", "staff-overview/", "DOMAIN/"} <= found
    titles = {page["title"] for page in index["docs"]}
    assert {"Discount (account)", "Discount (workspace)", "Roles and actions"} <= titles


def test_the_real_site_loads_nothing_from_elsewhere_and_styles_nothing_inline(built_site: Path) -> None:
    """So its policy needs neither other hosts nor 'unsafe-inline'."""
    for page in built_site.rglob("*.html"):
        text = page.read_text()
        assert not re.search(
            r"<(?:script|img|iframe)[^>]*src=\"(?:https?:)?//|<link[^>]*href=\"(?:https?:)?//", text
        ), page
        assert " style=" not in text and "<style" not in text, page
        assert not re.search(r"<[^>]*\son\w+=", text), page


def test_staff_alone_read_it(site: Path, cast: Cast, ada: Client) -> None:
    assert body(ada.get("/handbook/")) == HTML
    for address in ("/handbook/", "/handbook", "/handbook/a.js", "/handbook/nothing"):
        stranger = Client().get(address)
        assert stranger.status_code == 302 and stranger["Location"] == f"/sign-in/?next={address}"
        assert sign_in("lotte@client.example").get(address).status_code == 404
    assert ada.post("/handbook/").status_code == 405


def test_the_second_factor_is_asked_here_too(site: Path, ada: Client, settings: Any) -> None:
    settings.BURSAR_SECOND_FACTOR = True
    answer = ada.get("/handbook/")
    assert answer.status_code == 302 and answer["Location"] == reverse("mfa_index")


def test_folders_files_and_their_types(site: Path, ada: Client) -> None:
    assert ada.get("/handbook")["Location"] == "/handbook/"
    assert ada.get("/handbook/actions/one")["Location"] == "/handbook/actions/one/"
    assert body(ada.get("/handbook/actions/one/")) == HTML
    types = {
        "": "text/html; charset=utf-8",
        "a.js": "text/javascript; charset=utf-8",
        "search.json": "application/json",
    }
    assert {name: ada.get(f"/handbook/{name}")["Content-Type"] for name in types} == types
    for gone in ("actions/", "nothing.html", "a.js/", "actions/one/index"):
        answer = ada.get(f"/handbook/{gone}")
        assert answer.status_code == 404 and "no such page" in answer.content.decode()


@pytest.mark.parametrize(
    "path",
    ["../secret.txt", "..%2fsecret.txt", "%2e%2e/secret.txt", "actions/../../secret.txt", "link.txt", "folder/secret.txt",
     "//etc/passwd", "%2fetc/passwd", "a.js%00.html", "....//secret.txt"],
)  # fmt: skip
def test_nothing_beside_the_site_is_reached(site: Path, ada: Client, path: str) -> None:
    os.symlink(site.parent / "secret.txt", site / "link.txt")
    os.symlink(site.parent, site / "folder")
    answer = ada.get(f"/handbook/{path}")
    assert answer.status_code in (400, 404) and "not for readers" not in body(answer)


def test_exactly_the_pages_own_scripts_may_run(site: Path, ada: Client) -> None:
    policy = dict(part.split(" ", 1) for part in ada.get("/handbook/")["Content-Security-Policy"].split("; "))
    assert policy["script-src"] == f"'self' {HASH}" and policy["style-src"] == "'self'"
    assert policy["worker-src"] == "'self'" and policy["default-src"] == "'none'"
    assert "sha256" not in ada.get("/handbook/a.js")["Content-Security-Policy"]
    (site / "index.html").write_text(HTML.replace("let", "var"))
    changed = ada.get("/handbook/")["Content-Security-Policy"]
    assert HASH not in changed and "sha256" in changed
    assert "sha256" not in ada.get("/panel/usage/")["Content-Security-Policy"]


def test_only_scripts_that_run_are_hashed() -> None:
    assert hash_scripts(HTML) == (HASH,)
    assert hash_scripts(HTML + HTML) == (HASH,)
    assert hash_scripts("<p>let</p><script type='module'></script>") == (hash_scripts("<script></script>")[0],)


def test_it_is_asked_for_afresh_and_not_sent_twice(site: Path, ada: Client) -> None:
    first = ada.get("/handbook/")
    assert first["Cache-Control"] == "private, no-cache" and first["Last-Modified"]
    again = ada.get("/handbook/", headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304 and not again.content
    assert again["Content-Security-Policy"] == first["Content-Security-Policy"]
    (site / "index.html").write_text("<p>new</p>")
    assert body(ada.get("/handbook/", headers={"If-None-Match": first["ETag"]})) == "<p>new</p>"


def test_while_it_is_not_built_it_says_how(ada: Client, settings: Any, tmp_path: Path) -> None:
    settings.BURSAR_HANDBOOK = tmp_path / "none"
    for address in ("/handbook/", "/handbook/actions/x/"):
        answer = ada.get(address)
        assert answer.status_code == 404 and "python3 dev.py docs" in answer.content.decode()


def test_every_dialog_of_staff_leads_to_its_page(cast: Cast, ada: Client) -> None:
    address = reverse("actions:dialog", args=["account", cast.haarlem.public_id, "set_discount"])
    assert 'href="/handbook/actions/plans.account.set_discount/"' in ada.get(address).content.decode()
    context = {"blocked": "No.", "action": ACTIONS["plans.account.set_discount"]}
    assert "/handbook/" in render_to_string("actions/dialog.html", {**context, "is_own": False})
    assert "/handbook/" not in render_to_string("actions/dialog.html", {**context, "is_own": True})


def test_the_help_of_a_page_leads_to_its_section(cast: Cast, ada: Client) -> None:
    assert 'href="/panel/keys-help?of=book"' in ada.get("/panel/book/").content.decode()
    page = ada.get("/panel/keys-help?of=book").content.decode()
    assert 'href="/handbook/book/"' in page and 'href="/handbook/api-keys/"' not in page


def test_no_table_of_the_docs_falls_apart() -> None:
    """A table's first line has its rule below it; what follows an empty line would be read as running text."""
    for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("bench/**/*.md")):
        lines = ["", *re.sub(r"(?ms)^```.*?^```", "", path.read_text()).splitlines(), ""]
        for before, line, after in zip(lines, lines[1:], lines[2:], strict=False):
            begins = line.startswith("|") and not before.startswith("|")
            assert not begins or re.fullmatch(r"\|[\s:|-]+\|", after), (path, line)
