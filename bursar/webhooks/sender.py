"""One POST to an address that a person typed: to a checked network address, in bounded time, and no further.

The name is resolved once, what it resolves to is checked, and that very address is connected to, so that a name which
answers differently a moment later (DNS rebinding) leads nowhere. Redirects are not followed, proxies of the environment
are not used, certificates are checked against the name.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

import httpx
from django.conf import settings

from bursar.webhooks.rules import Reach, why_not_address, why_not_url

SECONDS_TO_ANSWER = 10
SECONDS_FOR_THE_TEXT = 2
TEXT_AT_MOST = 2048


@dataclass(frozen=True)
class Answer:
    """`text`: the beginning of what came back, at most 2 kB."""

    status: int
    ms: int
    text: str

    @property
    def is_taken(self) -> bool:
        return 200 <= self.status < 300


class NoAnswer(Exception):
    """Nothing came back; the sentence says what was tried."""


def get_reach() -> Reach:
    """How far the operator lets messages go."""
    if settings.BURSAR_WEBHOOK_INSECURE:
        return Reach.ANY
    return Reach.LOOPBACK if settings.DEBUG else Reach.PUBLIC


def post(url: str, body: str, headers: dict[str, str]) -> Answer:
    """Raises NoAnswer when the address may not be used, or nothing answers within ten seconds."""
    sentence = why_not_url(url, get_reach())
    if sentence:
        raise NoAnswer(sentence)
    started = time.monotonic()
    try:
        with ThreadPoolExecutor(1) as aside:  # whoever sends may stand in a loop already
            return aside.submit(asyncio.run, _post(httpx.URL(url), body.encode(), headers, started)).result()
    except TimeoutError:
        raise NoAnswer(f"No answer within {SECONDS_TO_ANSWER} s.") from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
        raise NoAnswer(f"No answer: {str(error).strip() or type(error).__name__}.") from None


async def _post(url: httpx.URL, body: bytes, headers: dict[str, str], started: float) -> Answer:
    async with httpx.AsyncClient(
        verify=_trust(), trust_env=False, follow_redirects=False, timeout=SECONDS_TO_ANSWER
    ) as client:
        async with asyncio.timeout(SECONDS_TO_ANSWER):
            response = await _ask(client, url, body, headers)
        ms = int((time.monotonic() - started) * 1000)
        return Answer(response.status_code, ms, await _read(response))


async def _ask(client: httpx.AsyncClient, url: httpx.URL, body: bytes, headers: dict[str, str]) -> httpx.Response:
    """Each address that the name has, until one takes the connection."""
    addresses = await _resolve(url)
    own = {"Host": url.netloc.decode(), "Accept-Encoding": "identity", "User-Agent": "Bursar-Webhooks/1"}
    for place, address in enumerate(addresses, start=1):
        request = client.build_request(
            "POST",
            url.copy_with(host=address),
            content=body,
            headers={**own, **headers},
            extensions={"sni_hostname": url.raw_host.decode()},
        )
        try:
            return await client.send(request, stream=True)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            if place == len(addresses):
                raise
    raise NoAnswer(f"{url.host} has no address.")


async def _resolve(url: httpx.URL) -> list[str]:
    """Every address of the host, when all of them may be connected to. Raises NoAnswer."""
    loop = asyncio.get_running_loop()
    try:
        port = url.port or (443 if url.scheme == "https" else 80)
        found = await loop.getaddrinfo(url.raw_host.decode(), port, type=socket.SOCK_STREAM)
    except socket.gaierror:
        raise NoAnswer(f"The name {url.host} leads nowhere.") from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for address in addresses:
        sentence = why_not_address(ipaddress.ip_address(address.partition("%")[0]), get_reach())
        if sentence:
            raise NoAnswer(sentence)
    return addresses


async def _read(response: httpx.Response) -> str:
    """The status is what counts; a text that does not come is done without."""
    text = b""
    with suppress(TimeoutError, httpx.HTTPError):
        async with asyncio.timeout(SECONDS_FOR_THE_TEXT):
            async for chunk in response.aiter_raw():
                text += chunk[: TEXT_AT_MOST - len(text)]
                if len(text) >= TEXT_AT_MOST:
                    break
    await response.aclose()
    return text.decode(errors="replace").replace("\0", "�")


@cache
def _trust() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)
