// Hands on keys: j/k rows, . kebab, x pick, Enter open, / search, ? help.
import { all, first, hit } from "./dom.js";
import { fold } from "./sidebar.js";
import { unfold } from "./tables.js";

/** The row we are on. @type {HTMLElement | null} */
let at = null;

const rows = () => all("table.rows-grid tbody tr").filter((row) => first(".kebab", row));
/** @param {HTMLElement | null} row */
const kebabOf = (row) => (row ? first(".kebab", row) : null);

/** Where j and k begin, and whose levers `.` opens. @param {HTMLElement} row */
function stand(row) {
  for (const other of all("tr.at")) other.classList.remove("at");
  row.classList.add("at");
  at = row;
  at.dataset.href = kebabOf(at)?.getAttribute("href") ?? "";
}

/** The row we are on, found again by its kebab's address after it was fetched anew. */
function current() {
  const address = at?.dataset.href;
  if (at && !at.isConnected) at = rows().find((row) => kebabOf(row)?.getAttribute("href") === address) ?? null;
  return at;
}

/** The kebab of the row we are on, else of the thing this page is about. */
export const kebabHere = () => kebabOf(current() || first("#whole"));

/** @param {number} step */
function go(step) {
  const list = rows();
  if (!list.length) return;
  const here = current();
  const next = list[Math.min(list.length - 1, Math.max(0, (here ? list.indexOf(here) : -1) + step))];
  stand(next);
  next.scrollIntoView({ block: "nearest" });
  first("a", next)?.focus({ preventScroll: true });
}

/** @type {Record<string, () => void>} */
const BARE = {
  j: () => go(1),
  k: () => go(-1),
  ".": () => (kebabHere() || kebabOf(rows()[0]))?.click(),
  o: () => current() && unfold(/** @type {HTMLTableRowElement} */ (current())),
  x: () => current() && first("#bulk .pick", /** @type {HTMLElement} */ (current()))?.click(),
  "/": () => first("input[type=search]")?.focus(),
  "[": fold,
  "?": () => first("[data-keys-help]")?.click(),
};

document.addEventListener("keydown", (event) => {
  if (event.metaKey || event.ctrlKey || event.altKey) return;
  // Right after a dialog closed, what was typed in there may have the focus still.
  const isGone = hit(event).closest("dialog:not([open])");
  if (!isGone && hit(event).closest("input:not([type=checkbox]), textarea, select, dialog, :popover-open")) return;
  const does = BARE[event.key];
  if (!does) return;
  event.preventDefault();
  does();
});
// Whoever comes to a row by Tab or by a click is on it as well.
document.addEventListener("focusin", (event) => {
  const row = /** @type {HTMLElement | null} */ (hit(event).closest("tr"));
  if (row && row !== at && kebabOf(row)) stand(row);
});
document.body.addEventListener("htmx:afterSwap", () => { if (at) current()?.classList.add("at"); });
