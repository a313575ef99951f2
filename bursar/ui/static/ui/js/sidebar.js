// The sidebar, folded to its icons or whole, as the reader left it; theme.js does it before the first paint.
import { first } from "./dom.js";

const { dataset } = document.documentElement;
const button = first("[data-fold-sidebar]");

/** Folds it, or unfolds it, and remembers. */
export function fold() {
  const isFolded = dataset.sidebar !== "folded";
  if (isFolded) dataset.sidebar = "folded";
  else delete dataset.sidebar;
  localStorage.setItem("sidebar", isFolded ? "folded" : "whole");
  say();
}

const say = () => button?.setAttribute("aria-expanded", String(dataset.sidebar !== "folded"));

say();
button?.addEventListener("click", fold);
first("#sidebar [aria-current]")?.scrollIntoView({ block: "nearest" });
