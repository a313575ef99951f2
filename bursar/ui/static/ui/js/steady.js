// What will happen grows and shrinks while somebody fills in a dialog. What stands below it does not move: the dialog's
// lower edge stays, it reaches up by as much more, and where the window ends it scrolls.
import { dialogById } from "./dom.js";

const EDGE = 24; // kept free above and below, as dialog.css says
const dialog = dialogById("dialog");
/** How far it was moved down from where it opened; and between which edges it may be. px */
let moved = 0;
let highest = EDGE;
let lowest = innerHeight - EDGE;
/** How it stood before what will happen is told anew. */
let kept = { top: 0, bottom: 0, scroll: 0, told: 0, moved: 0 };

/** @param {HTMLElement} box @param {number} to */
function move(box, to) {
  moved = to;
  box.style.translate = to ? `0 ${to}px` : "";
}

/** From here on it is held by its upper edge: what is unfolded in it opens downwards, under the pointer.
 * @param {HTMLElement} box */
export function hold(box) {
  Object.assign(box.style, { marginBlock: "", maxHeight: "" });
  move(box, 0);
  const { top, bottom } = box.getBoundingClientRect();
  lowest = Math.max(bottom, innerHeight - EDGE); // on a phone it stands on the window's lower edge
  highest = lowest - innerHeight + 2 * EDGE;
  box.style.marginBlock = `${top}px auto`;
}

/** @param {HTMLElement} box @param {HTMLElement} told */
function keep(box, told) {
  const { top, bottom } = box.getBoundingClientRect();
  kept = { top, bottom, scroll: box.scrollTop, told: told.getBoundingClientRect().height, moved };
}

/** Grown, it first reaches up and then scrolls; shrunk, it first scrolls back.
 * @param {HTMLElement} box @param {HTMLElement} told */
function settle(box, told) {
  const grown = told.getBoundingClientRect().height - kept.told;
  const scroll = Math.max(0, kept.scroll + Math.min(0, grown));
  const rest = grown - (scroll - kept.scroll);
  const up = Math.min(rest, kept.top - highest);
  box.style.maxHeight = `${kept.bottom - kept.top + up}px`;
  move(box, kept.moved - up);
  box.scrollTop = scroll + rest - up;
}

/** What will happen, where it is told in an open dialog. @param {Element} told */
const isInside = (told) => told.id === "preview" && dialog?.open && dialog.contains(told);

if (dialog) {
  document.body.addEventListener("htmx:beforeSwap", ({ detail }) => { if (isInside(detail.target)) keep(dialog, detail.target); });
  document.body.addEventListener("htmx:afterSwap", ({ detail }) => { if (isInside(detail.target)) settle(dialog, detail.target); });
  new ResizeObserver(() => { // what was unfolded, or drawn larger by hand, stays inside the window
    const over = dialog.getBoundingClientRect().bottom - lowest;
    if (dialog.open && over > 0) move(dialog, moved - over);
  }).observe(dialog);
  addEventListener("resize", () => { if (dialog.open) hold(dialog); });
}
