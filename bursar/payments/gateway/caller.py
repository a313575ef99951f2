"""One call to Mollie through its SDK, which nothing else imports, with what the SDK leaves open for money decided here.

* A call that makes something has a key of ours: the SDK would make up a new one for each retry, and be charged twice.
* Timeouts and retries are explicit. The raw JSON is kept: the SDK drops what its models do not know.
* The SDK drops misspelt fields without a word: what leaves is compared with what was meant.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import httpx
from mollie import ClientSDK
from mollie.models import ClientError, NoResponseError, ResponseValidationError, Security
from mollie.utils import BackoffStrategy, RetryConfig
from mollie.utils.webhooks import InvalidSignatureException, SignatureValidator

from bursar.core import clock
from bursar.payments.errors import Away, Nonsense, WrongMode
from bursar.payments.gateway.problems import problem_of
from bursar.payments.keys import Mode, StoredKey
from bursar.payments.objects import Raw

TIMEOUT = httpx.Timeout(10, connect=2)
PATIENT = RetryConfig("backoff", BackoffStrategy(500, 4_000, 2, 20_000), True, status_codes_override=["5XX"])
"""In milliseconds: half a second at first, four at most, twenty in all. Who is asked to slow down comes back later."""


@dataclass
class _Exchange:
    """meant: the body that has to leave, None for none. answer: the last that came, wait: its Retry-After."""

    meant: Raw | None
    answer: httpx.Response | None = None
    wait: str | None = None


_exchange: ContextVar[_Exchange] = ContextVar("exchange")


class Caller:
    """Speaks to Mollie under one credential. Safe to share between threads.

    mode: of an API key; None when `credential` is an access token.
    """

    def __init__(self, url: str, credential: str, mode: Mode | None, *, patient: bool) -> None:
        self._mode = mode
        hooks: dict[str, list[Any]] = {"request": [_nothing_lost], "response": [_keep]}
        self._client = httpx.Client(timeout=TIMEOUT, trust_env=False, follow_redirects=False, event_hooks=hooks)
        security = Security(api_key=credential) if mode else Security(advanced_access_token=credential)
        self._retries = PATIENT if patient else None
        self._sdk = ClientSDK(server_url=url, security=security, client=self._client, retry_config=self._retries)

    def get(self, operation: str, **values: Any) -> Raw:
        """operation: the SDK's name of it, such as "payments.get". Raises MollieProblem."""
        return self._call(operation, None, self._retries, values)

    def make(self, operation: str, key: StoredKey, body: tuple[str, Raw], **values: Any) -> Raw:
        """A POST. body: the SDK's name for it and, in Mollie's spelling, what has to leave. Raises MollieProblem."""
        values["idempotency_key"] = key.at(clock.now())
        name, meant = body
        return self._call(operation, meant, self._retries, {**values, name: meant})

    def change(self, operation: str, body: tuple[str, Raw], **values: Any) -> Raw:
        """A PATCH, which may be repeated: it says how things shall be."""
        name, meant = body
        return self._call(operation, meant, self._retries, {**values, name: meant})

    def end(self, operation: str, **values: Any) -> Raw:
        """A DELETE. Not retried: a second one would be told that there is nothing to end."""
        return self._call(operation, None, None, values)

    def _call(self, operation: str, meant: Raw | None, retries: RetryConfig | None, values: Raw) -> Raw:
        room, _, verb = operation.partition(".")
        ask = getattr(getattr(self._sdk, room), verb)
        with _listening(meant) as exchange:
            _ask(ask, {name: value for name, value in values.items() if value is not None}, retries, exchange)
            return self._own(_json(exchange.answer))

    def _own(self, raw: Raw) -> Raw:
        """The same. Raises WrongMode for what belongs to the other mode."""
        if self._mode and raw.get("mode", self._mode) != self._mode:
            raise WrongMode()
        return raw


@contextmanager
def _listening(meant: Raw | None) -> Iterator[_Exchange]:
    exchange = _Exchange(meant)
    token = _exchange.set(exchange)
    try:
        yield exchange
    finally:
        _exchange.reset(token)


def _ask(ask: Any, values: Raw, retries: RetryConfig | None, exchange: _Exchange) -> None:
    """Everything that the SDK and the network raise, as ours."""
    try:
        ask(**values, retries=retries)
    except ResponseValidationError as error:
        raise Nonsense(f"{error.cause or 'not as agreed'}".splitlines()[0]) from error
    except ClientError as error:
        raise problem_of(error.status_code, error.body, exchange.wait) from error
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise Away(maybe_done=False) from error
    except (httpx.HTTPError, NoResponseError) as error:
        raise Away() from error


def _json(answer: httpx.Response | None) -> Raw:
    """Nothing for 204."""
    if answer is None or not answer.content:
        return {}
    raw = json.loads(answer.content)
    if not isinstance(raw, dict):
        raise Nonsense("no object")
    return raw


def _keep(response: httpx.Response) -> None:
    """Takes Retry-After away: the SDK would sleep for as long as it says, be it a day."""
    exchange = _exchange.get()
    exchange.answer, exchange.wait = response, response.headers.pop("retry-after", None)
    response.headers.pop("retry-after-ms", None)


def _nothing_lost(request: httpx.Request) -> None:
    """Raises ValueError, our own fault, when the SDK would send another body than was meant."""
    meant = _exchange.get().meant
    sent = json.loads(request.content) if request.content else None
    if meant is not None and sent != meant:
        raise ValueError(f"the SDK would send {sent}, which is not {meant}")


def is_signed(body: str, signature: str, secrets: list[str]) -> bool:
    """Whether one of our secrets signed this event of Mollie's. An absent signature is none."""
    if not (signature and signature.isascii() and secrets):
        return False
    try:
        return bool(SignatureValidator(secrets).validate_payload(body, signature))
    except InvalidSignatureException:
        return False
