// The kebab's menu: it opens in place, beside its button.
import { all, byId, first, hit, load, opensElsewhere, stepFrom } from "./dom.js";

const menu = byId("menu");
/** What the menu, and the dialog after it, were opened from. @type {HTMLElement | null} */
let opener = null;

/** The focus goes back to where it all began, found anew when its row was fetched meanwhile. */
export function focusOpener() {
  if (opener?.isConnected) opener.focus();
  else first(`.kebab[href="${opener?.getAttribute("href")}"]`)?.focus();
}

export const hideMenu = () => menu?.hidePopover();

/** It never stands over its own row: where there is more room, as tall as fits.
 * @param {HTMLElement} box @param {HTMLElement} button */
function place(box, button) {
  const at = button.getBoundingClientRect();
  const row = (button.closest("tr") || button).getBoundingClientRect();
  box.style.maxHeight = "";
  const below = innerHeight - row.bottom - 12;
  const above = row.top - 12;
  const isBelow = box.offsetHeight <= below || below >= above;
  box.style.maxHeight = `${isBelow ? below : above}px`;
  box.style.top = `${isBelow ? row.bottom + 4 : row.top - box.offsetHeight - 4}px`;
  box.style.left = `${Math.max(8, at.right - box.offsetWidth)}px`;
}

/** @param {HTMLElement} box @param {HTMLElement} button */
function open(box, button) {
  opener = button;
  if (!box.matches(":popover-open")) box.showPopover();
  place(box, button);
  button.setAttribute("aria-expanded", "true");
  first("a", box)?.focus();
}

/** @param {HTMLElement} box @param {KeyboardEvent} event */
function walk(box, event) {
  const items = all("a", box);
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const end = { Home: 0, End: -1 }[event.key];
  if (step !== undefined || end !== undefined) event.preventDefault();
  if (step !== undefined) stepFrom(items, document.activeElement, step)?.focus();
  if (end !== undefined) items.at(end)?.focus();
  if (event.key === "Tab") box.hidePopover();
}

if (menu) {
  menu.addEventListener("toggle", (event) => {
    if (/** @type {ToggleEvent} */ (event).newState !== "closed" || !opener) return;
    opener.setAttribute("aria-expanded", "false");
    if (!first("#dialog[open]")) opener.focus();
  });
  menu.addEventListener("keydown", (event) => walk(menu, event));
  menu.addEventListener("click", (event) => {
    if (hit(event).closest("a")?.getAttribute("aria-disabled") === "true") event.preventDefault();
  });
  document.body.addEventListener("htmx:afterSwap", ({ detail }) => {
    if (detail.target === menu) open(menu, detail.requestConfig.elt);
  });
  // A kebab, and a figure with a popover, are plain links; here they open in place.
  document.addEventListener("click", (event) => {
    const link = hit(event).closest("a.kebab, a.pop");
    if (!link || opensElsewhere(event)) return;
    event.preventDefault();
    load(link.getAttribute("href") ?? "", link, menu);
  });
}
