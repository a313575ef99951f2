// Small things that a click or a choice does in the page itself: copy, theme, chips, prepared mail.
import { all, first, hit, idOf, load, opensElsewhere } from "./dom.js";
import { toast } from "./toasts.js";

// A prepared mail opens in the person's own program; that it was opened is logged by the action behind it.
document.addEventListener("click", (event) => {
  const mail = /** @type {HTMLAnchorElement | null} */ (hit(event).closest("a[data-log]"));
  const address = mail?.closest("table")?.dataset.log?.replace("*", idOf(mail.closest("tbody")));
  if (!mail || !address) return;
  const subject = new URL(mail.href).searchParams.get("subject");
  window.htmx.ajax("POST", address, { source: mail, swap: "none", values: { subject } });
});

// A link to an action's dialog opens it here; elsewhere it is a page.
document.addEventListener("click", (event) => {
  const link = hit(event).closest("a[data-dialog]");
  if (!link || opensElsewhere(event)) return;
  event.preventDefault();
  load(link.getAttribute("href") ?? "", link, "#dialog");
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
