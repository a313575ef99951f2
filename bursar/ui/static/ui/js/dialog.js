// The dialog of an action: it opens with what the server says, and loses nothing that was filled in.
import { all, dialogById, first, hit } from "./dom.js";
import { focusOpener, hideMenu } from "./menu.js";
import { hold } from "./steady.js";

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
 * While it is sent it stays as well: what is answered has to be said, and not in what was opened after it.
 * @param {HTMLDialogElement} box */
function guard(box) {
  /** @type {EventTarget | null} */
  let began = null;
  const isTouched = () => filledIn(box) !== untouched;
  const isSent = () => first("form[data-lock] .main[disabled]", box) !== null;
  box.addEventListener("pointerdown", (event) => { began = event.target; });
  box.addEventListener("click", (event) => {
    const isBeside = event.target === box && began === box && !isTouched() && !isSent();
    if (isBeside || hit(event).closest("[data-close]")) box.close();
  });
  /** @param {Event} event */
  const keep = (event) => {
    if (event instanceof KeyboardEvent ? event.key !== "Escape" : event.target !== box) return;
    if (!box.open || (!isTouched() && !isSent())) return;
    event.preventDefault();
    if (isSent() || first(".kept", box)) return;
    const line = Object.assign(document.createElement("p"), { className: "kept notice", textContent: LOST });
    line.setAttribute("role", "status");
    first(".buttons", box)?.before(line);
  };
  box.addEventListener("cancel", keep);
  document.addEventListener("keydown", keep); // of the page: a button that is locked while it is sent has lost the focus
}

/** @param {HTMLDialogElement} box @param {boolean} isNew one that was asked for, not a refused one that comes back */
function open(box, isNew) {
  hideMenu();
  if (isNew || !box.open) untouched = filledIn(box);
  if (!box.open) box.showModal();
  hold(box);
  (first("[aria-invalid=true], [autofocus]", box) ?? firstField(box) ?? safestButton(box))?.focus();
}

/** Where somebody has to type first, else could. @param {HTMLDialogElement} box */
function firstField(box) {
  const fields = all("select, input:not([type=hidden]), textarea", box).filter((one) => one.checkVisibility());
  return fields.find((one) => one.matches("[required]") && !(/** @type {HTMLInputElement} */ (one).value)) ?? fields[0];
}

/** Where nothing is to be filled in: what does it, so that Enter is enough; but the way out, where it takes something
 * away or nothing brings back what was. @param {HTMLDialogElement} box */
function safestButton(box) {
  const isGrave = first(".main.danger, .loss, .ending.final", box);
  return (!isGrave && first(".buttons .main", box)) || first(".buttons [data-close]", box);
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
  document.body.addEventListener("htmx:afterSwap", ({ detail }) => { if (detail.target === dialog) open(dialog, detail.requestConfig.verb === "get"); });
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
