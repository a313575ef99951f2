// Small things that a click or a choice does in the page itself: copy, theme, chips, prepared mail.
import { all, first, hit } from "./dom.js";
import { toast } from "./toasts.js";

// A prepared mail opens in the person's own program; that it was opened is logged by the action behind it.
document.addEventListener("click", (event) => {
  const mail = /** @type {HTMLElement | null} */ (hit(event).closest("a[data-log]"));
  if (!mail) return;
  window.htmx.ajax("POST", mail.dataset.log ?? "", { source: mail, swap: "none", values: { subject: mail.dataset.subject } });
});

/** @param {HTMLElement} copier */
async function copy(copier) {
  const beside = /** @type {HTMLAnchorElement | null} */ (copier.previousElementSibling);
  const text = copier.dataset.copy || (beside?.href.replace("mailto:", "") ?? "");
  const copied = await navigator.clipboard?.writeText(text).then(() => true, () => false);
  toast(copied ? `Copied ${text}` : `Your browser does not let pages copy here. It is: ${text}`);
}

function switchTheme() {
  const next = document.documentElement.dataset.bsTheme === "dark" ? "light" : "dark";
  document.documentElement.dataset.bsTheme = next;
  localStorage.setItem("theme", next);
}

const openChips = () => /** @type {HTMLDetailsElement[]} */ (all("details.chip[open]"));

document.addEventListener("click", (event) => {
  const copier = /** @type {HTMLElement | null} */ (hit(event).closest("[data-copy]"));
  if (copier) copy(copier);
  for (const chip of openChips()) if (!chip.contains(hit(event))) chip.open = false;
  if (hit(event).closest("[data-theme-switch]")) switchTheme();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const chip of openChips()) {
    chip.open = false;
    first("summary", chip)?.focus();
  }
});
document.addEventListener("change", (event) => {
  const field = /** @type {HTMLInputElement} */ (event.target);
  if (field.closest("form[data-auto]")) field.form?.requestSubmit();
});
