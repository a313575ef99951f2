"""Whether a table shows what it holds: no cell cut, no badge clipped, and an edge that tells where it goes on."""

from __future__ import annotations

from typing import Any

WIDTHS = (1440, 1366, 1280, 390)
ROOMY = 1280  # from here on a table with levers fits its page: what slid under the kebab would be misread
CUT = """(isRoomy) => {
  const found = [];
  const isSeen = (one) => one.getClientRects().length > 0;
  const hides = (one) => getComputedStyle(one).overflowX !== "visible";
  const isCut = (one) => one.scrollWidth > one.clientWidth + 1;
  const says = (one) => one.innerText.replace(/\\s+/g, " ").slice(0, 70);
  for (const cell of document.querySelectorAll("td, th")) {
    if (!isSeen(cell)) continue;
    if (isCut(cell)) found.push(`“${says(cell)}” has ${cell.clientWidth} px and wants ${cell.scrollWidth}`);
    for (const one of cell.querySelectorAll("*:not(.visually-hidden, input, select, textarea, progress)")) {
      if (!isSeen(one) || !hides(one) || !isCut(one)) continue;
      if (!one.title) found.push(`“${says(one)}” is clipped and has no title`);
      if (one.querySelector(".tag, .r, progress")) found.push(`a badge in “${says(one)}” is clipped`);
    }
  }
  for (const frame of document.querySelectorAll(".table-frame")) {
    if (!isSeen(frame) || !isCut(frame)) continue;
    const act = frame.querySelector("td.act, th.act");
    const words = `the table “${says(frame.querySelector("tr"))}” has ${frame.clientWidth} px and wants ${frame.scrollWidth}`;
    if (act && isRoomy) found.push(words);
    const edge = act ? getComputedStyle(act, "::before").content !== "none" : getComputedStyle(frame).maskImage !== "none";
    if (!edge) found.push(`${words}, and its edge does not show it`);
  }
  return found;
}"""


def list_cut(page: Any, width: int) -> list[str]:
    """What is cut at this width, in words; the page's script has had its turn."""
    page.evaluate("() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))")
    found: list[str] = page.evaluate(CUT, width >= ROOMY)
    return [f"{width} px: {line}" for line in found]
