// Instants are written for the reader's own clock.
import { all } from "./dom.js";

const CLOCK = /** @type {const} */ ({ hour: "2-digit", minute: "2-digit" });

/** @param {ParentNode} root */
export function localise(root) {
  for (const time of all("time[data-local]", root)) {
    const at = new Date(time.getAttribute("datetime") ?? "");
    const clock = time.dataset.local === "day" ? {} : CLOCK;
    time.textContent = at.toLocaleString(undefined, { day: "numeric", month: "short", year: "numeric", ...clock });
    time.removeAttribute("data-local");
  }
}

document.body.addEventListener("htmx:afterSwap", () => localise(document));
localise(document);
