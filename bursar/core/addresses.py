"""Addresses that come from outside."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

NOTHING = SplitResult("", "", "", "", "")


def split_address(text: str) -> SplitResult:
    """Its parts; all of them empty for what is no address at all, such as "http://[": the library raises there."""
    try:
        return urlsplit(text)
    except ValueError:
        return NOTHING
