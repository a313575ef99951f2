"""Whether a table shows what it holds: no cell cut, nothing clipped, no column without its head, no sideways
scroll, and whatever has no room can be opened."""

from __future__ import annotations

from typing import Any

WIDTHS = (1920, 1440, 1366, 1280, 390)
ROOMY = 1280  # from here on every table fits its page; below it one without levers may scroll, and shows that it does
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
      if (isSeen(one) && hides(one) && isCut(one)) found.push(`“${says(one)}” is clipped`);
    }
  }
  for (const row of document.querySelectorAll(".rows-grid > tbody > tr:not(.nested, .detail, .group)")) {
    const isAway = (cell) => !isSeen(cell) && !["", "–"].includes(cell.textContent.trim());
    const away = isSeen(row) && !row.querySelector("td.act") ? [...row.cells].find(isAway) : undefined;
    if (away) found.push(`“${says(row)}” loses “${away.textContent.trim().slice(0, 70)}”, and nothing opens it`);
  }
  for (const frame of document.querySelectorAll(".table-frame")) {
    const table = frame.querySelector(":scope > table");
    if (!isSeen(frame) || !table) continue;
    const columns = (row) => [...row.cells].filter(isSeen).reduce((sum, cell) => sum + cell.colSpan, 0);
    const head = table.tHead && [...table.tHead.rows].find(isSeen);
    for (const row of head ? table.tBodies[0]?.rows ?? [] : []) {
      if (!isSeen(row) || row.matches(".nested, .detail") || row.querySelector(".whole, .empty")) continue;
      if (columns(row) !== columns(head)) found.push(`“${says(row)}” has ${columns(row)} cells under ${columns(head)} heads`);
    }
    const wants = Math.max(table.offsetWidth, table.scrollWidth);
    if (wants <= frame.clientWidth + 1) continue;
    const words = `the table “${says(frame.querySelector("tr"))}” has ${frame.clientWidth} px and wants ${wants}`;
    if (isRoomy || frame.querySelector("td.act")) found.push(words);
    else if (!frame.matches(".scrolls") || getComputedStyle(frame).maskImage === "none") found.push(`${words}, and its edge does not show it`);
  }
  return found;
}"""


def list_cut(page: Any, width: int) -> list[str]:
    """What is cut at this width, in words; the page's script has had its turn."""
    page.evaluate("() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))")
    found: list[str] = page.evaluate(CUT, width >= ROOMY)
    return [f"{width} px: {line}" for line in found]
