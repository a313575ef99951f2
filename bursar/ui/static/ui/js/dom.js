// Finding things in the page, typed once.

/** The one element with this id, where the page has it. @param {string} id */
export const byId = (id) => document.getElementById(id);

/** @param {string} id @returns {HTMLDialogElement | null} */
export const dialogById = (id) => /** @type {HTMLDialogElement | null} */ (document.getElementById(id));

/** All that fit, as a list of HTML elements.
 * @param {string} selector @param {ParentNode} [root] @returns {HTMLElement[]} */
export const all = (selector, root = document) => [...root.querySelectorAll(selector)].map((one) => /** @type {HTMLElement} */ (one));

/** The first that fits. @param {string} selector @param {ParentNode} [root] @returns {HTMLElement | null} */
export const first = (selector, root = document) => root.querySelector(selector);

/** What was clicked, typed into or sent, as an element. @param {Event} event @returns {HTMLElement} */
export const hit = (event) => /** @type {HTMLElement} */ (event.target);

/** The id of what a part of the page is of, which is the first that it is fetched anew for. @param {HTMLElement | null} part */
export const idOf = (part) => (part?.dataset.refresh ?? "").split(" ")[0] ?? "";

/** Whether a link was clicked to be opened elsewhere. @param {MouseEvent} event */
export const opensElsewhere = (event) => event.metaKey || event.ctrlKey || event.shiftKey;

/** Fetches into a part of the page, as htmx does. @param {string} url @param {Element} source @param {Element | string} target */
export const load = (url, source, target) => window.htmx.ajax("GET", url, { source, target, swap: "innerHTML" });

/** Steps through a list and round its end. @param {HTMLElement[]} items @param {Element | null} at @param {number} step */
export function stepFrom(items, at, step) {
  const here = items.findIndex((item) => item === at);
  return items[(here + step + items.length) % items.length];
}
