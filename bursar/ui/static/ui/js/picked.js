// The bar of picked rows: how many, of what, and what can be done to all of them.
import { all, byId, first, hit } from "./dom.js";

function showPicked() {
  const bar = byId("picked");
  if (!bar) return;
  for (const button of all("[data-kind]", bar)) {
    const count = all(`.pick[name=${button.dataset.kind}]:checked`).length;
    button.hidden = count === 0;
    const shown = first("[data-count]", button);
    if (shown) shown.textContent = String(count);
    /** @type {HTMLElement} */ (button.lastElementChild).hidden = count === 1; // the plural’s “s”
  }
  const sum = all(".pick:checked").length;
  bar.hidden = sum === 0;
  const shown = first("[data-sum]", bar);
  if (shown) shown.textContent = String(sum);
  document.body.classList.toggle("picking", sum > 0);
}

document.addEventListener("change", (event) => { if (hit(event).matches(".pick")) showPicked(); });
document.addEventListener("click", (event) => {
  if (!hit(event).closest("[data-unpick]")) return;
  for (const box of all(".pick:checked")) /** @type {HTMLInputElement} */ (box).checked = false;
  showPicked();
});
document.body.addEventListener("htmx:afterSwap", showPicked);
showPicked();
