// The dialog of an action: it opens with what the server says, and loses nothing that was filled in.
import { all, dialogById, first, hit } from "./dom.js";
import { focusOpener, hideMenu } from "./menu.js";

const dialog = dialogById("dialog");
let untouched = ""; // what the form said when it was opened; a refused one that comes back is touched
const LOST = "What you filled in would be lost. Use Cancel if that is what you want.";

/** @param {HTMLDialogElement} box */
function filledIn(box) {
  const form = box.querySelector("form");
  if (!form) return untouched;
  const isOpen = (/** @type {string} */ name) => first(`[name="${CSS.escape(name)}"]:not([type=hidden])`, form);
  return JSON.stringify([...new FormData(form)].filter(([name]) => isOpen(name)));
}

/** A click beside it closes it, unless it began inside (a selection dragged out) or something filled in would be lost.
 * Escape follows the same rule. A second one in a row could not be refused as a "cancel", so the key is held back too.
 * @param {HTMLDialogElement} box */
function guard(box) {
  /** @type {EventTarget | null} */
  let began = null;
  const isTouched = () => filledIn(box) !== untouched;
  box.addEventListener("pointerdown", (event) => { began = event.target; });
  box.addEventListener("click", (event) => {
    const isBeside = event.target === box && began === box && !isTouched();
    if (isBeside || hit(event).closest("[data-close]")) box.close();
  });
  /** @param {Event} event */
  const keep = (event) => {
    if (event instanceof KeyboardEvent ? event.key !== "Escape" : event.target !== box) return;
    if (!box.open || !isTouched()) return;
    event.preventDefault();
    if (first(".kept", box)) return;
    const line = Object.assign(document.createElement("p"), { className: "kept notice", textContent: LOST });
    line.setAttribute("role", "status");
    first(".buttons", box)?.before(line);
  };
  box.addEventListener("cancel", keep);
  box.addEventListener("keydown", keep);
}

/** @param {HTMLDialogElement} box */
function open(box) {
  hideMenu();
  if (!box.open) {
    untouched = filledIn(box);
    box.showModal();
  }
  (first("[aria-invalid=true], [autofocus]", box) || firstUnfilled(box) || first(FIELDS, box))?.focus();
}

const FIELDS = "select, input:not([type=hidden]), textarea";

/** Where somebody has to type first. @param {HTMLDialogElement} box */
function firstUnfilled(box) {
  return all("[required]", box).find((one) => !(/** @type {HTMLInputElement} */ (one).value) && one.checkVisibility());
}

/** Done with typing: Ctrl or ⌘ and Enter, from any field. @param {HTMLDialogElement} box @param {KeyboardEvent} event */
function sendByKey(box, event) {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  first(".buttons .main", box)?.click();
}

if (dialog) {
  guard(dialog);
  dialog.addEventListener("keydown", (event) => sendByKey(dialog, event));
  dialog.addEventListener("close", () => {
    if (dialog.open) return; // told late, and the next one is there already
    dialog.replaceChildren();
    focusOpener();
  });
  document.body.addEventListener("htmx:afterSwap", ({ detail }) => { if (detail.target === dialog) open(dialog); });
  document.body.addEventListener("close-dialog", () => dialog.close());
}

// One submit at a time; the button comes back when the answer is here.
/** @param {Element} form @param {boolean} isLocked */
function lock(form, isLocked) {
  if (form.matches?.("form[data-lock]")) for (const one of all("button", form)) one.toggleAttribute("disabled", isLocked);
}
document.body.addEventListener("htmx:beforeRequest", ({ detail }) => lock(detail.elt, true));
document.body.addEventListener("htmx:afterRequest", ({ detail }) => lock(detail.elt, false));
document.addEventListener("submit", (event) => {
  const form = hit(event);
  if (form.hasAttribute("hx-post")) return;
  setTimeout(() => { for (const one of all("button[data-once]", form)) one.toggleAttribute("disabled", true); });
});

// What will happen is told anew while somebody types. It never gets lower than it was, so that no field jumps up.
document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const told = detail.target;
  if (told.id === "preview" && told instanceof HTMLElement) told.style.minHeight = `${told.offsetHeight}px`;
});
