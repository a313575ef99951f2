"""Whether a VAT id is in the Commission's register, by its REST service. Never inside a transaction.

The service passes each question on to the member state, which may be away, slow, or too busy. Whatever is no plain
yes or no counts as silence: an id is neither refused nor believed for that.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import httpx
from django.conf import settings

from bursar.billing.rules import Answer

SECONDS = 3.0
CONNECT_SECONDS = 2.0
BYTES_AT_MOST = 65_536
CONSULTATION_LENGTH = 60


class Word(NamedTuple):
    """`consultation`: the register's number of this answer, given when the seller's own id is named.

    `why`: in words, where it said nothing.
    """

    answer: Answer
    consultation: str = ""
    why: str = ""


class _Silence(Exception):
    """What came instead of a yes or a no, in words."""


def is_on() -> bool:
    return bool(settings.BURSAR_VIES)


def ask(vat_id: str) -> Word:
    """`vat_id`: as `read_vat_id` writes it. Answers within three seconds, whatever the register does."""
    question = {"countryCode": vat_id[:2], "vatNumber": vat_id[2:]}
    if own := settings.BURSAR_SELLER_VAT_ID:
        question |= {"requesterMemberStateCode": own[:2], "requesterNumber": own[2:]}
    aside = ThreadPoolExecutor(1)  # a name that takes long to resolve has no limit of its own
    try:
        return _read(aside.submit(_post, question).result(SECONDS), vat_id)
    except _Silence as silence:
        return Word(Answer.SILENT, why=str(silence))
    except (TimeoutError, httpx.TimeoutException):
        return Word(Answer.SILENT, why=f"no answer within {SECONDS:g} s")
    except (httpx.HTTPError, OSError) as error:
        return Word(Answer.SILENT, why=f"it cannot be reached ({type(error).__name__})")
    finally:
        aside.shutdown(wait=False)


def _post(question: dict[str, str]) -> bytes:
    limits = httpx.Timeout(SECONDS, connect=CONNECT_SECONDS)
    with (
        httpx.Client(timeout=limits, trust_env=False) as client,
        client.stream("POST", f"{settings.BURSAR_VIES_URL}/check-vat-number", json=question) as response,
    ):
        text = b""
        for chunk in response.iter_bytes():
            text += chunk
            if len(text) > BYTES_AT_MOST:
                raise _Silence("its answer is too long")
        if not response.is_success and not text.startswith(b"{"):
            raise _Silence(f"status {response.status_code}")
        return text


def _read(text: bytes, vat_id: str) -> Word:
    """A failure comes as JSON too, and often with status 200."""
    try:
        said = json.loads(text)
    except ValueError:
        raise _Silence("its answer cannot be read") from None
    if not isinstance(said, dict):
        raise _Silence("its answer cannot be read")
    if (is_valid := said.get("valid")) is not True and is_valid is not False:
        raise _Silence(_fault_of(said))
    if f"{said.get('countryCode')}{said.get('vatNumber')}".upper() != vat_id:
        raise _Silence("its answer is about another id")
    number = said.get("requestIdentifier")
    consultation = number if isinstance(number, str) and len(number) <= CONSULTATION_LENGTH else ""
    return Word(Answer.VALID if is_valid else Answer.INVALID, consultation)


def _fault_of(said: dict[str, Any]) -> str:
    """The register's own word, such as MS_UNAVAILABLE: the member state is away."""
    faults = said.get("errorWrappers")
    words = [one.get("error") for one in faults if isinstance(one, dict)] if isinstance(faults, list) else []
    return ", ".join(word for word in words if isinstance(word, str))[:100] or "its answer cannot be read"
