// What will happen grows and shrinks while somebody fills in a dialog. What stands below it does not move: the card goes
// up by as much, by being scrolled, which lays nothing out anew. It never gets lower than it was when it opened.
import { dialogById, first, hit } from "./dom.js";

const dialog = dialogById("dialog");
/** How high it was before it is told anew, and how far the card was scrolled; px. */
let kept = { told: 0, scroll: 0 };

/** From here on the card stands where it opened: what is unfolded in it opens downwards, under the pointer.
 * @param {HTMLElement} box */
export function hold(box) {
  const card = first(".dialog", box);
  const told = first("#preview", box);
  box.style.alignContent = "";
  if (!card) return;
  Object.assign(card.style, { marginTop: "", marginBottom: "" });
  box.scrollTop = 0;
  card.style.marginTop = `${card.offsetTop}px`;
  box.style.alignContent = "start";
  if (told) told.style.minHeight = `${told.getBoundingClientRect().height}px`;
}

/** Scrolls the card so far, with as much room below it as that takes. @param {HTMLElement} box @param {number} to */
function scroll(box, to) {
  const card = /** @type {HTMLElement} */ (first(".dialog", box));
  const room = box.clientHeight + to - card.offsetTop - card.offsetHeight;
  card.style.marginBottom = `max(${room}px, ${getComputedStyle(box).getPropertyValue("--below")})`;
  box.scrollTop = to;
}

/** What will happen, where it is told in an open dialog. @param {Element} told */
const isInside = (told) => told.id === "preview" && dialog?.open && dialog.contains(told);
/** @param {Element} told */
const heightOf = (told) => told.getBoundingClientRect().height;

if (dialog) {
  document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (isInside(detail.target)) kept = { told: heightOf(detail.target), scroll: dialog.scrollTop };
  });
  document.body.addEventListener("htmx:afterSwap", ({ detail }) => {
    if (isInside(detail.target)) scroll(dialog, kept.scroll + heightOf(detail.target) - kept.told);
  });
  addEventListener("resize", () => { if (dialog.open) hold(dialog); });
  dialog.addEventListener("toggle", (event) => { // what is unfolded is seen
    if (hit(event).matches("details[open]")) hit(event).scrollIntoView({ block: "nearest" });
  }, true);
}
