// What opens beside a button: the kebab's menu, and what a figure has to say.
import { all, byId, first, hit, load, opensElsewhere, stepFrom } from "./dom.js";
import { arrive, listen, prepare } from "./entries.js";

const menu = byId("menu");
const GAP = 4;
/** What the menu, and the dialog after it, were opened from. @type {HTMLElement | null} */
let opener = null;

/** The focus goes back to where it all began, found anew when its row was fetched meanwhile. The browser has mostly
 * done so, and told of the closing later: who is on the way elsewhere by then is left alone. */
export function focusOpener() {
  const isNowhere = document.activeElement === document.body || first("dialog:not([open]) :focus");
  if (isNowhere && opener?.isConnected) opener.focus();
  else if (isNowhere) first(`.kebab[href="${opener?.getAttribute("href")}"]`)?.focus();
  opener = null; // the next dialog may come from elsewhere
}

export const hideMenu = () => menu?.hidePopover();

/** Below its row or above it, where it fits whole; else as near as it does. Never beyond the window: what is unfolded
 * in it later scrolls.
 * @param {HTMLElement} box @param {HTMLElement} button */
function place(box, button) {
  const at = button.getBoundingClientRect();
  const row = (button.closest("tr") || button).getBoundingClientRect();
  box.style.maxHeight = "";
  const [below, above] = [row.bottom + GAP, row.top - GAP - box.offsetHeight];
  const lowest = innerHeight - box.offsetHeight - GAP;
  const top = below <= lowest ? below : above >= GAP ? above : Math.max(GAP, lowest);
  box.style.top = `${top}px`;
  box.style.maxHeight = `${Math.max(box.offsetHeight, innerHeight - top - GAP)}px`;
  box.style.left = `${Math.max(8, at.right - box.offsetWidth)}px`;
}

/** @param {HTMLElement} box @param {HTMLElement} button */
function open(box, button) {
  opener = button;
  button.focus({ preventScroll: true }); // so the browser gives it back at once when the menu closes
  if (!box.matches(":popover-open")) box.showPopover();
  box.setAttribute("aria-label", button.getAttribute("aria-label") ?? button.textContent ?? "");
  button.setAttribute("aria-expanded", "true");
}

/** @param {HTMLElement} box @param {KeyboardEvent} event */
function walk(box, event) {
  const items = all("a", box);
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const end = { Home: 0, End: -1 }[event.key];
  if (step !== undefined || end !== undefined) event.preventDefault();
  if (step !== undefined) stepFrom(items, document.activeElement, step)?.focus();
  if (end !== undefined) items.at(end)?.focus();
}

/** @param {HTMLElement} box @param {HTMLElement} link */
function ask(box, link) {
  const url = link.getAttribute("href") ?? "";
  if (!link.matches(".kebab")) return load(url, link, box);
  open(box, link);
  const parts = prepare(box);
  place(box, link);
  load(url, link, parts);
}

if (menu) {
  listen(menu);
  menu.addEventListener("toggle", (event) => {
    if (/** @type {ToggleEvent} */ (event).newState !== "closed" || !opener || menu.matches(":popover-open")) return;
    opener.setAttribute("aria-expanded", "false");
    if (!first("#dialog[open]")) focusOpener();
  });
  menu.addEventListener("keydown", (event) => { if (!first(".menu-field", menu)) walk(menu, event); });
  menu.addEventListener("focusout", ({ relatedTarget }) => {
    if (relatedTarget instanceof Node && !menu.contains(relatedTarget)) menu.hidePopover();
  });
  document.body.addEventListener("htmx:afterSwap", ({ detail }) => {
    if (detail.target === menu) {
      open(menu, detail.requestConfig.elt);
      first("a", menu)?.focus();
    } else if (detail.target.id === "menu-parts") arrive(menu);
    else return;
    if (opener) place(menu, opener);
  });
  for (const name of /** @type {const} */ (["htmx:responseError", "htmx:sendError"])) {
    document.body.addEventListener(name, ({ detail }) => { // of the menu that is there, not of one before
      if (detail.target.id === "menu-parts" && detail.target.isConnected) menu.hidePopover();
    });
  }
  // A kebab, and a figure with a popover, are plain links; here they open in place.
  document.addEventListener("click", (event) => {
    const link = /** @type {HTMLElement | null} */ (hit(event).closest("a.kebab, a.pop"));
    if (!link || opensElsewhere(event)) return;
    event.preventDefault();
    ask(menu, link);
  });
}
