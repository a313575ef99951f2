// ⌘K: jump to anything, or pull a lever by its name.
import { all, byId, dialogById, first, hit, opensElsewhere, stepFrom } from "./dom.js";
import { kebabHere } from "./keys.js";

const palette = dialogById("palette");

/** What the actions in the palette are for: the row we are on, else the thing this page is about. */
function subject() {
  const parts = kebabHere()?.getAttribute("href")?.split("/") || [];
  return parts.slice(-2).join(":");
}

/** @param {HTMLDialogElement} box */
const field = (box) => /** @type {HTMLInputElement} */ (first("input[type=text]", box));

export function openPalette() {
  if (!palette || palette.open) return;
  const on = /** @type {HTMLInputElement} */ (first("[name=on]", palette));
  on.value = subject();
  palette.showModal();
  field(palette).select();
  window.htmx.trigger(field(palette), "ask");
}

/** @param {HTMLDialogElement} box @param {KeyboardEvent} event */
function walk(box, event) {
  const items = all(".found a", box);
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const here = items.find((item) => item.getAttribute("aria-selected") === "true") ?? null;
  if (step && items.length) {
    event.preventDefault();
    const next = stepFrom(items, here, step);
    for (const item of items) item.setAttribute("aria-selected", String(item === next));
    next.scrollIntoView({ block: "nearest" });
  }
  if (event.key === "Enter") {
    event.preventDefault();
    (here || items[0])?.click();
  }
}

/** @param {HTMLDialogElement} box @param {MouseEvent} event */
function take(box, event) {
  const found = /** @type {HTMLElement | null} */ (hit(event).closest(".found a"));
  if (found?.matches("[hx-get]")) box.close();
  if (!found?.dataset.fill) return;
  event.preventDefault();
  field(box).value = found.dataset.fill;
  field(box).focus();
  window.htmx.trigger(field(box), "ask");
}

if (palette) {
  palette.addEventListener("keydown", (event) => walk(palette, event));
  palette.addEventListener("click", (event) => take(palette, event));
}
for (const opener of all("[data-palette]")) {
  opener.addEventListener("click", (event) => {
    if (opensElsewhere(event)) return;
    event.preventDefault();
    openPalette();
  });
}
document.addEventListener("keydown", (event) => {
  if (!(event.metaKey || event.ctrlKey) || event.key.toLowerCase() !== "k") return;
  event.preventDefault();
  openPalette();
});

const help = dialogById("keys-help");
byId("keys-help") && first("[data-keys-help]")?.addEventListener("click", () => help?.showModal());
for (const box of [palette, help]) {
  box?.addEventListener("click", (event) => { if (event.target === box || hit(event).closest("[data-close]")) box.close(); });
}
