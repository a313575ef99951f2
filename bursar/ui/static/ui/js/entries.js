// Inside the kebab's menu: a field that filters, a part for each thing that the row belongs to, and keys for all of it.
import { all, byId, first, hit, load, opensElsewhere, stepFrom } from "./dom.js";
import { find } from "./find.js";

const FOUND_AT_MOST = 8;
const GREY_AT_MOST = 4;
const FRAME = `<div class="menu-frame">
  <input class="menu-field" type="text" role="combobox" aria-label="Filter the actions" placeholder="Type to filter"
    maxlength="60" autocomplete="off" spellcheck="false" aria-autocomplete="list" aria-expanded="true">
  <div id="menu-found" hidden><div role="listbox" id="menu-hits" aria-label="Found"></div>
    <ul class="menu-grey" aria-label="Not possible now"></ul><p class="menu-none" role="status"></p></div>
  <div id="menu-parts"></div></div>`;
/** Enter came before the entries did. */
let isAwaited = false;

/** @param {HTMLElement} box */
const fieldOf = (box) => /** @type {HTMLInputElement | null} */ (first(".menu-field", box));
/** @param {HTMLElement} box */
const partsOf = (box) => all(".menu-part", box);
/** Those that can be opened as it stands, in their order. @param {HTMLElement} box */
const optionsOf = (box) => all("[role=option]", box).filter((one) => one.checkVisibility());
/** @param {HTMLElement} box */
const activeOf = (box) => first("[role=option][aria-selected=true]", box);

/** Puts the field there, to be typed into while the entries are on their way; returns where they go.
 * @param {HTMLElement} box */
export function prepare(box) {
  isAwaited = false;
  box.innerHTML = FRAME;
  box.setAttribute("aria-busy", "true");
  if (!matchMedia("(pointer: coarse)").matches) fieldOf(box)?.focus();
  return /** @type {HTMLElement} */ (byId("menu-parts"));
}

/** The entries are there: what was typed meanwhile holds. @param {HTMLElement} box */
export function arrive(box) {
  box.removeAttribute("aria-busy");
  filter(box);
  if (isAwaited) activeOf(box)?.click();
  isAwaited = false;
}

/** @param {HTMLElement} box @param {HTMLElement | null} option */
function activate(box, option) {
  activeOf(box)?.setAttribute("aria-selected", "false");
  option?.setAttribute("aria-selected", "true");
  option?.scrollIntoView({ block: "nearest" });
  const list = option?.closest("[role=listbox]");
  fieldOf(box)?.setAttribute("aria-activedescendant", option?.id ?? "");
  fieldOf(box)?.setAttribute("aria-controls", list?.id ?? "menu-hits");
  const help = byId("menu-help");
  if (help) help.textContent = option ? first("small", option)?.textContent ?? "" : "";
}

/** An entry again, in the list of what was found. @param {HTMLElement} entry @param {number} at */
function again(entry, at) {
  const copy = /** @type {HTMLElement} */ (entry.cloneNode(true));
  copy.id = `menu-hit-${at}`;
  copy.setAttribute("aria-selected", "false");
  copy.setAttribute("aria-describedby", `${copy.id}-help`);
  first("small", copy)?.setAttribute("id", `${copy.id}-help`);
  return copy;
}

/** @param {HTMLElement} box */
function filter(box) {
  const typed = fieldOf(box)?.value.trim() ?? "";
  byId("menu-found")?.toggleAttribute("hidden", !typed);
  first(".menu-tabs", box)?.toggleAttribute("hidden", Boolean(typed));
  box.classList.toggle("is-filtered", Boolean(typed));
  const hits = typed ? find(all(".menu-part [role=option]", box), typed).slice(0, FOUND_AT_MOST) : [];
  const grey = typed ? find(all(".menu-not-now li", box), typed).slice(0, GREY_AT_MOST) : [];
  first("#menu-hits", box)?.replaceChildren(...hits.map(again));
  first(".menu-grey", box)?.replaceChildren(...grey.map((one) => one.cloneNode(true)));
  const none = first("#menu-found .menu-none", box);
  const isEmpty = typed && !hits.length && !grey.length && !box.hasAttribute("aria-busy");
  if (none) none.textContent = isEmpty ? "No action is called so." : "";
  activate(box, optionsOf(box)[0] ?? null);
}

/** @param {HTMLElement} box @param {Element} tab */
function show(box, tab) {
  for (const other of all("[role=tab]", box)) {
    other.setAttribute("aria-selected", String(other === tab));
    other.tabIndex = other === tab ? 0 : -1;
  }
  for (const part of partsOf(box)) part.toggleAttribute("hidden", part.id !== tab.getAttribute("aria-controls"));
  activate(box, optionsOf(box)[0] ?? null);
}

/** @param {HTMLElement} box @param {number} step */
function showNext(box, step) {
  const tabs = all("[role=tab]", box);
  const here = tabs.findIndex((tab) => tab.getAttribute("aria-selected") === "true");
  const isOnTab = document.activeElement?.matches("[role=tab]");
  const next = tabs[here + step];
  if (next) show(box, next);
  if (isOnTab) next?.focus();
}

/** @param {HTMLElement} box @param {KeyboardEvent} event */
function press(box, event) {
  const field = fieldOf(box);
  const isElsewhere = hit(event).closest("summary, a:not([role=tab])") !== null;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const side = field?.value ? undefined : { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (event.key === "Escape" && field?.value) {
    field.value = "";
    filter(box);
  } else if (step) activate(box, stepFrom(optionsOf(box), activeOf(box), step) ?? null);
  else if (side) showNext(box, side);
  else if (event.key === "Enter" && !isElsewhere) {
    isAwaited = box.hasAttribute("aria-busy");
    activeOf(box)?.click();
  } else return;
  event.preventDefault();
}

/** @param {HTMLElement} box @param {MouseEvent} event */
function click(box, event) {
  const link = hit(event).closest("[role=tab], [role=option]");
  if (!link || opensElsewhere(event)) return;
  event.preventDefault();
  if (link.matches("[role=tab]")) show(box, link);
  else load(link.getAttribute("href") ?? "", link, "#dialog");
}

/** @param {HTMLElement} box */
export function listen(box) {
  const isOurs = () => fieldOf(box) !== null;
  box.addEventListener("input", () => filter(box));
  box.addEventListener("keydown", (event) => { if (isOurs()) press(box, event); });
  box.addEventListener("click", (event) => { if (isOurs()) click(box, event); });
  // A pointer that only lay there when the menu came chooses nothing.
  box.addEventListener("pointermove", (event) => {
    const option = /** @type {HTMLElement | null} */ (hit(event).closest("[role=option]"));
    if (option && (event.movementX || event.movementY) && option !== activeOf(box)) activate(box, option);
  });
}
