// What this person opened last in this browser, for the palette: ids alone, no names, and none after signing out.
import { byId, first, hit } from "./dom.js";

const KEPT = 8;

/** Under whose id it is kept; none where nobody of the staff looks. */
const name = () => {
  const { who } = document.body.dataset;
  return who && byId("palette") ? `recent:${who}` : "";
};

/** Such as “account:acc_…”, the last first. @returns {string[]} */
export function recents() {
  const kept = name() && localStorage.getItem(name());
  return kept ? kept.split(",") : [];
}

/** The thing that this page is about. */
export function placeHere() {
  const href = first("#whole .head .kebab")?.getAttribute("href") ?? "";
  return href.split("/").slice(-2).join(":");
}

function keep() {
  const here = placeHere();
  if (!name() || !here) return;
  localStorage.setItem(name(), [here, ...recents().filter((one) => one !== here)].slice(0, KEPT).join(","));
}

document.addEventListener("submit", (event) => {
  const sent = /** @type {HTMLFormElement} */ (hit(event));
  if (sent.getAttribute("action") === "/sign-out/" && name()) localStorage.removeItem(name());
});
keep();
