"""An address as a QR code."""

from __future__ import annotations

import io

import segno


def draw_qr(address: str) -> str:
    """An SVG, a unit for each module, without a margin."""
    kept = io.BytesIO()
    segno.make(address, error="m", micro=False).save(kept, kind="svg", border=0, xmldecl=False)
    return kept.getvalue().decode()
