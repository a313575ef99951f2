"""The handbook under /handbook/: the site that `dev.py docs` built, for staff. Each page has a policy that fits it."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.http import FileResponse, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.utils._os import safe_join
from django.utils.cache import get_conditional_response
from django.utils.http import http_date
from django.views.decorators.http import require_safe

from bursar.config.headers import policy
from bursar.core.errors import NotFound
from bursar.ui.navigation import NavEntry, register

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".ndjson": "text/plain; charset=utf-8",
    ".xml": "application/xml",
    ".txt": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
RUN = ("", "text/javascript", "module")  # every other type of <script> is data, which no policy asks about

register(
    NavEntry(
        key="handbook",
        label="Handbook",
        url_name="handbook",
        order=99,
        group="house",
        icon="notebook",
        help="staff-overview",
    )
)


@require_safe
def show(request: HttpRequest, path: str = "") -> HttpResponseBase:
    """One file of the site. While there is none: how to build it."""
    site = Path(settings.BURSAR_HANDBOOK)
    if not (site / "index.html").is_file():
        return render(request, "config/handbook_missing.html", status=404)
    file = _find(site, path)
    is_folder = request.path.endswith("/")
    if file.is_dir() and not is_folder:
        return HttpResponseRedirect(f"{request.path}/")
    if is_folder:
        file = file / "index.html"
    if not file.is_file():
        raise NotFound("The handbook has no such page. Search it from its start.")
    return _answer(request, file)


def _find(site: Path, path: str) -> Path:
    """Never anything outside the site, whatever dots, absolute paths or links say."""
    try:
        found = Path(safe_join(site, path)).resolve()
    except (SuspiciousFileOperation, ValueError):
        raise NotFound from None
    if not found.is_relative_to(site.resolve()):
        raise NotFound
    return found


def _answer(request: HttpRequest, file: Path) -> HttpResponseBase:
    stat = file.stat()
    known = _learn(file, stat.st_mtime_ns, stat.st_size)
    unchanged = get_conditional_response(request, known.etag, int(stat.st_mtime))
    kind = TYPES.get(file.suffix, "application/octet-stream")
    response: HttpResponseBase = unchanged or FileResponse(file.open("rb"), content_type=kind)
    response["ETag"], response["Last-Modified"] = known.etag, http_date(stat.st_mtime)
    response["Cache-Control"] = "private, no-cache"  # kept, and asked for afresh: the site is built anew now and then
    # On a 304 too: the browser takes the headers of the answer it keeps from there.
    response["Content-Security-Policy"] = policy(known.scripts) + "; worker-src 'self'"  # the search runs in a worker
    return response


@dataclass(frozen=True)
class Known:
    etag: str
    scripts: tuple[str, ...]


@lru_cache(maxsize=2048)
def _learn(file: Path, mtime_ns: int, size: int) -> Known:
    """Looks into a file once for each state of it."""
    content = file.read_bytes()
    scripts = hash_scripts(content.decode()) if file.suffix == ".html" else ()
    return Known(f'"{hashlib.sha256(content).hexdigest()[:32]}"', scripts)


def hash_scripts(html: str) -> tuple[str, ...]:
    """The policy's words for the inline scripts of a page: exactly these may run there, and no other."""
    reader = _ScriptReader()
    reader.feed(html)
    digests = [hashlib.sha256(text.encode()).digest() for text in reader.found]
    return tuple(dict.fromkeys(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests))


class _ScriptReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._is_inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._is_inside = tag == "script" and "src" not in given and (given.get("type") or "").lower() in RUN
        if self._is_inside:
            self.found.append("")

    def handle_endtag(self, tag: str) -> None:
        self._is_inside = self._is_inside and tag != "script"

    def handle_data(self, data: str) -> None:
        if self._is_inside:
            self.found[-1] += data
