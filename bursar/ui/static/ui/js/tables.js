// A table that goes on beyond its frame says so at its edge; a name that is clipped is its own title.
import { all, hit } from "./dom.js";

/** @param {Element} frame */
const showEdge = (frame) => frame.classList.toggle("more", frame.scrollLeft + frame.clientWidth < frame.scrollWidth - 1);

function showEdges() {
  for (const frame of all(".table-frame")) showEdge(frame);
  for (const name of all(".rows-grid td.name > a")) if (name.scrollWidth > name.clientWidth) name.title = name.textContent ?? "";
}

addEventListener("resize", showEdges);
addEventListener("load", showEdges);
document.addEventListener("toggle", showEdges, true);
document.addEventListener("scroll", (event) => { if (hit(event).matches?.(".table-frame")) showEdge(hit(event)); }, true);
document.body.addEventListener("htmx:afterSettle", showEdges);
