"""The pictures of docs/img, taken of the demo company: `dev.py pictures`. Look at each before it is committed."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

from bursar.config.settings import ROOT

FOLDER = ROOT / "docs" / "img"
WIDE, PHONE = (1440, 900), (390, 844)
UP_WITHIN = 300  # seconds; a first start loads the demo company
COLOURS = 200  # of a picture: text on plain grounds needs no more, and weighs a third


def stay(page: Any) -> None:
    pass


def open_menu(page: Any) -> None:
    page.locator("tr:not(.nested) > .act .kebab").first.click()
    page.wait_for_selector("#menu [role=option]")


def open_dialog(page: Any) -> None:
    open_menu(page)
    page.locator("#menu [role=option]:visible", has_text="Discount").first.click()
    page.wait_for_selector("#dialog form")
    page.fill("#f-percent", "50")
    page.wait_for_selector("#preview b")


def open_palette(page: Any) -> None:
    page.keyboard.press("Control+k")
    page.wait_for_selector("#palette [role=option]")


def open_first(page: Any) -> None:
    page.locator("table.rows-grid td.name a").first.click()
    page.wait_for_load_state("networkidle")


@dataclass(frozen=True)
class Picture:
    name: str
    path: str
    do: Callable[[Any], None] = stay
    size: tuple[int, int] = WIDE
    scheme: str = "light"


PICTURES = (
    Picture("rollup", "/panel/usage/"),
    Picture("rollup-dark", "/panel/usage/", scheme="dark"),
    Picture("rollup-phone", "/panel/usage/", size=PHONE),
    Picture("kebab", "/panel/usage/", open_menu),
    Picture("kebab-phone", "/panel/usage/", open_menu, PHONE),
    Picture("dialog", "/panel/usage/", open_dialog),
    Picture("palette", "/panel/usage/", open_palette),
    Picture("account", "/panel/usage/", open_first),
    Picture("account-phone", "/panel/usage/", open_first, PHONE),
    Picture("at-risk", "/panel/at-risk/"),
    Picture("requests", "/panel/requests/"),
    Picture("payments-dark", "/panel/payments/", scheme="dark"),
    Picture("invoices", "/panel/invoices/"),
    Picture("partners", "/panel/partners/"),
)


@contextmanager
def demo() -> Iterator[str]:
    """The README's first command, in a folder of its own; the address it answers at."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(ROOT / "dev.py"), "run", "--port", str(port)]
        environment = {**os.environ, "BURSAR_VAR": folder}
        running = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, start_new_session=True)
        try:
            _wait_until_up(port, running)
            yield f"http://127.0.0.1:{port}"
        finally:
            running.send_signal(signal.SIGTERM)
            running.wait(60)


def _wait_until_up(port: int, running: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + UP_WITHIN
    while time.monotonic() < deadline and running.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.5)
    sys.exit("The demo company did not start.")


def take(browser: Any, base: str, picture: Picture) -> None:
    width, height = picture.size
    viewport = {"width": width, "height": height}
    context = browser.new_context(
        viewport=viewport, color_scheme=picture.scheme, reduced_motion="reduce", locale="en-GB"
    )
    page = context.new_page()
    page.goto(f"{base}/sign-in/")
    page.get_by_role("button", name="lead@agora.example").click()
    page.goto(base + picture.path)
    picture.do(page)
    page.wait_for_load_state("networkidle")
    shot = Image.open(BytesIO(page.screenshot())).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    shot.save(FOLDER / f"{picture.name}.png", optimize=True)
    context.close()


def main(folder: Path = FOLDER) -> None:
    folder.mkdir(exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with demo() as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for picture in PICTURES:
            take(browser, base, picture)
            sys.stderr.write(f"{picture.name}\n")
        browser.close()


if __name__ == "__main__":
    main()
