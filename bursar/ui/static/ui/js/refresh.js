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

// A row or fragment that is fetched anew keeps the focus where it was, found again by its address or id. Where that is
// gone, for its row has left the list, the focus goes to the next row's lever.
const LEVERS = ".kebab, .offers .button";
/** @type {string[]} */
let held = [];

/** @param {Element | undefined} one */
function addressOf(one) {
  const link = one?.getAttribute("href");
  return one?.id ? `#${CSS.escape(one.id)}` : link ? `${one?.tagName}[href="${CSS.escape(link)}"]` : "";
}

/** @param {Element} at */
function heirsOf(at) {
  const levers = all(LEVERS);
  const own = levers.findIndex((one) => one === at || at.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING);
  return own < 0 ? levers.slice(-1) : [levers[own], levers[own + 1], levers[own - 1]];
}

document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const at = document.activeElement;
  if (!at || !detail.target.contains(at) || at === document.body) return;
  held = [at, ...heirsOf(at)].map(addressOf).filter(Boolean);
});
function giveBack() {
  if (document.activeElement === document.body) held.map((one) => first(one)).find(Boolean)?.focus({ preventScroll: true });
  held = [];
}
document.body.addEventListener("htmx:afterRequest", giveBack); // a row that left settles nothing
document.body.addEventListener("htmx:afterSettle", giveBack);
