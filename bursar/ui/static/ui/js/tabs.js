// Tabs that are wider than a phone begin with the open one in sight.
import { all } from "./dom.js";

function show() {
  for (const open of all(".tabs > [aria-current], .bar nav > [aria-current]")) {
    const strip = open.parentElement;
    if (strip && strip.scrollWidth > strip.clientWidth) strip.scrollLeft = open.offsetLeft - strip.offsetLeft - 24;
  }
}

document.body.addEventListener("htmx:afterSwap", show);
show();
