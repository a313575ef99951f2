// ⌘K: jump to anything, or pull a lever by its name. Empty it shows what is at hand; an action alone asks for whom.
import { all, byId, dialogById, first, hit, opensElsewhere, stepFrom } from "./dom.js";
import { fold } from "./find.js";
import { kebabHere } from "./keys.js";
import { recents } from "./recents.js";

const palette = dialogById("palette");
const found = byId("palette-found");
/** What the list that is shown answers. @type {string | null} */
let answered = null;
/** Enter came before the answer did. */
let isAwaited = false;

/** What the actions in the palette are for: the row we are on, else the thing this page is about. */
function subject() {
  const parts = kebabHere()?.getAttribute("href")?.split("/") || [];
  return parts.slice(-2).join(":");
}

/** @param {string} name */
const field = (name) => /** @type {HTMLInputElement} */ (first(`[name=${name}]`, palette ?? document));
const options = () => all("[role=option]:not([aria-disabled])", found ?? document);
const ask = () => window.htmx.trigger(field("q"), "ask");
const asked = () => `${field("act").value} ${field("on").value} ${field("q").value}`;

/** Not over a dialog: what is filled in there would be lost to what is chosen here. */
export function openPalette() {
  if (!palette || first("dialog[open]")) return;
  field("on").value = subject();
  field("recent").value = recents().join(",");
  palette.showModal();
  answered = null;
  step("");
  field("q").select();
}

/** Asks for whom `act` is, or, empty, for anything again. @param {string} act */
function step(act) {
  const chip = first(".step", palette ?? document);
  if (act || field("act").value) field("q").value = "";
  field("act").value = act;
  field("q").placeholder = act ? "For whom?" : "Account, page or action";
  if (chip) {
    chip.hidden = !act;
    chip.textContent = act;
  }
  isAwaited = false;
  field("q").focus();
  ask();
}

/** @param {HTMLElement | null} next */
function select(next) {
  for (const item of options()) item.setAttribute("aria-selected", String(item === next));
  if (next) field("q").setAttribute("aria-activedescendant", next.id);
  else field("q").removeAttribute("aria-activedescendant");
  next?.scrollIntoView({ block: "nearest" });
}

/** The buttons on top of the page, such as “New invoice…”, where what is typed fits. */
function listPageActions() {
  const typed = fold(field("q").value);
  if (field("act").value) return [];
  const buttons = all(".head .tools :is(a.button, button):not([disabled])").filter((one) => one.checkVisibility({ visibilityProperty: true }));
  return buttons.filter((one) => fold(one.textContent ?? "").includes(typed));
}

function showPageActions() {
  const buttons = listPageActions();
  if (!found || !buttons.length) return;
  const group = document.createElement("div");
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", "On this page");
  group.append(Object.assign(document.createElement("h3"), { textContent: "On this page", role: "presentation" }));
  for (const button of buttons) group.append(optionFor(button));
  if (!options().length) found.replaceChildren();
  const recent = first("[role=group]:has([data-recent])", found);
  if (recent) recent.after(group);
  else found.prepend(group);
}

/** @param {HTMLElement} button */
function optionFor(button) {
  const option = document.createElement("a");
  option.href = "#";
  option.setAttribute("role", "option");
  option.tabIndex = -1;
  const icon = first(".icon", button)?.cloneNode(true) ?? document.createElement("i");
  const words = Object.assign(document.createElement("span"), { className: "name", textContent: button.textContent?.trim() });
  option.append(icon, words);
  option.addEventListener("click", (event) => {
    event.preventDefault();
    palette?.close();
    button.click();
  });
  return option;
}

/** What is marked, or, where the list answers what was typed before, the first that comes. @param {HTMLElement | null} here */
function enter(here) {
  if (asked() === answered) (here ?? options()[0])?.click();
  else if (!isAwaited) {
    isAwaited = true;
    ask();
  }
}

/** @param {KeyboardEvent} event */
function walk(event) {
  const way = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const items = options();
  const here = items.find((item) => item.getAttribute("aria-selected") === "true") ?? null;
  const isStep = field("act").value !== "";
  if (way && items.length) select(stepFrom(items, here, way));
  else if (event.key === "Enter" && !hit(event).closest("button")) enter(here);
  else if (isStep && (event.key === "Escape" || (event.key === "Backspace" && !field("q").value))) step("");
  else return;
  event.preventDefault();
}

/** @param {MouseEvent} event */
function take(event) {
  const chosen = /** @type {HTMLElement | null} */ (hit(event).closest(".found a"));
  if (chosen?.matches("[hx-get]")) palette?.close();
  if (!chosen?.dataset.act || opensElsewhere(event)) return;
  event.preventDefault();
  step(chosen.dataset.act);
}

if (palette && found) {
  palette.addEventListener("keydown", walk);
  palette.addEventListener("click", take);
  palette.addEventListener("input", () => { isAwaited = false; });
  for (const name of ["htmx:responseError", "htmx:sendError"]) palette.addEventListener(name, () => { isAwaited = false; });
  found.addEventListener("htmx:afterSwap", (event) => {
    found.removeAttribute("aria-busy");
    const { formData } = /** @type {CustomEvent} */ (event).detail.requestConfig;
    answered = `${formData.get("act")} ${formData.get("on")} ${formData.get("q")}`;
    showPageActions();
    for (const [place, item] of options().entries()) item.id = `hit-${place}`;
    select(options()[0] ?? null);
  });
  found.addEventListener("htmx:afterSettle", () => { // from here on a link opens its dialog in place
    if (!isAwaited || asked() !== answered) return;
    isAwaited = false;
    if (palette.open) options()[0]?.click();
  });
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

palette?.addEventListener("click", (event) => { if (event.target === palette || hit(event).closest("[data-close]")) palette.close(); });
