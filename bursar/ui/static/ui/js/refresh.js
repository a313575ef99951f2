// After a change, every part that shows what changed fetches itself, and the focus stays where it was.
import { all, first, idOf } from "./dom.js";

/** A row of a table that says once where its rows are fetched; with as many workspaces as are shown.
 * @param {HTMLElement} part @param {string} address */
function fetchRow(part, address) {
  const url = new URL(address.replace("*", idOf(part)), location.href);
  url.searchParams.set("shown", String(all(".nested .kebab", part).length));
  window.htmx.ajax("GET", url.pathname + url.search, { source: part, target: part, swap: "outerHTML" });
}

document.body.addEventListener("changed", ({ detail }) => {
  const ids = detail.ids || [];
  for (const part of all("[data-refresh]")) {
    const own = (part.dataset.refresh ?? "").split(" ");
    if (own[0] !== "any" && !ids.some((id) => own.includes(id))) continue;
    part.dataset.stale = "yes";
    const row = part.closest("table")?.dataset.row;
    if (row) fetchRow(part, row);
    else window.htmx.trigger(part, "refresh");
  }
});

// A row or fragment that is fetched anew keeps the focus where it was, found again by its address or id.
let held = "";
document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const at = document.activeElement;
  if (!at || !detail.target.contains(at) || at === document.body) return;
  const address = at.getAttribute("href");
  held = at.id ? `#${CSS.escape(at.id)}` : address ? `${at.tagName}[href="${CSS.escape(address)}"]` : "";
});
document.body.addEventListener("htmx:afterSettle", () => {
  if (held && document.activeElement === document.body) first(held)?.focus({ preventScroll: true });
  held = "";
});
