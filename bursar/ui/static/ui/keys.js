// Hands on keys: j/k rows, . kebab, x pick, Enter open, / search, ? help, ⌘K or Ctrl-K jump. And the bar of picked rows.
(() => {
  "use strict";
  const palette = document.getElementById("palette");
  const help = document.getElementById("keys-help");
  let at = null;

  const rows = () => [...document.querySelectorAll("table.rows-grid tbody tr")].filter((row) => row.querySelector(".kebab"));

  // The row we are on, found again by its kebab's address after it was fetched anew.
  function current() {
    if (at && !at.isConnected) at = rows().find((row) => row.querySelector(".kebab").getAttribute("href") === at.dataset.href) || null;
    return at;
  }

  function go(step) {
    const all = rows();
    if (!all.length) return;
    const here = all.indexOf(current());
    const next = all[Math.min(all.length - 1, Math.max(0, here + step))];
    for (const row of all) row.classList.toggle("at", row === next);
    at = next;
    at.dataset.href = at.querySelector(".kebab").getAttribute("href");
    at.scrollIntoView({ block: "nearest" });
    at.querySelector("a")?.focus({ preventScroll: true });
  }

  // What the actions in the palette are for: the row we are on, else the thing this page is about.
  function subject() {
    const kebab = (current() || document.querySelector("#whole"))?.querySelector(".kebab");
    const parts = kebab?.getAttribute("href")?.split("/") || [];
    return parts.length ? parts.slice(-2).join(":") : "";
  }

  function openPalette() {
    if (!palette || palette.open) return;
    palette.querySelector("[name=on]").value = subject();
    palette.showModal();
    const input = palette.querySelector("input[type=text]");
    input.select();
    window.htmx.trigger(input, "ask");
  }

  const bare = {
    j: () => go(1),
    k: () => go(-1),
    ".": () => (current() || rows()[0])?.querySelector(".kebab")?.click(),
    x: () => current()?.querySelector("#bulk .pick")?.click(),
    "?": () => help?.showModal(),
  };

  document.addEventListener("keydown", (event) => {
    if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") { event.preventDefault(); openPalette(); return; }
    if (event.metaKey || event.ctrlKey || event.altKey) return;
    // Right after a dialog closed, what was typed in there may have the focus still.
    const isGone = event.target.closest("dialog:not([open])");
    if (!isGone && event.target.closest("input:not([type=checkbox]), textarea, select, dialog, [popover]")) return;
    if (bare[event.key]) { event.preventDefault(); bare[event.key](); }
  });

  document.querySelector("[data-palette]")?.addEventListener("click", (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    openPalette();
  });
  document.querySelector("[data-keys-help]")?.addEventListener("click", () => help.showModal());
  for (const box of [palette, help]) {
    box?.addEventListener("click", (event) => { if (event.target === box || event.target.closest("[data-close]")) box.close(); });
  }
  palette?.addEventListener("keydown", (event) => {
    const items = [...palette.querySelectorAll(".found a")];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const here = items.findIndex((item) => item.getAttribute("aria-selected") === "true");
    if (step && items.length) {
      event.preventDefault();
      const next = items[(here + step + items.length) % items.length];
      for (const item of items) item.setAttribute("aria-selected", item === next);
      next.scrollIntoView({ block: "nearest" });
    }
    if (event.key === "Enter") { event.preventDefault(); (items[here] || items[0])?.click(); }
  });
  palette?.addEventListener("click", (event) => {
    const hit = event.target.closest(".found a");
    if (hit?.matches("[hx-get]")) palette.close();
    if (!hit?.dataset.fill) return;
    event.preventDefault();
    const input = palette.querySelector("input[type=text]");
    input.value = hit.dataset.fill;
    input.focus();
    window.htmx.trigger(input, "ask");
  });

  function showPicked() {
    const bar = document.getElementById("picked");
    if (!bar) return;
    let sum = 0;
    for (const button of bar.querySelectorAll("[data-kind]")) {
      const count = document.querySelectorAll(`.pick[name=${button.dataset.kind}]:checked`).length;
      button.hidden = count === 0;
      button.querySelector("[data-count]").textContent = count;
      button.lastElementChild.hidden = count === 1;  // the plural’s “s”
    }
    sum = document.querySelectorAll(".pick:checked").length;
    bar.hidden = sum === 0;
    bar.querySelector("[data-sum]").textContent = sum;
    document.body.classList.toggle("picking", sum > 0);
  }
  document.addEventListener("change", (event) => { if (event.target.matches(".pick")) showPicked(); });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-unpick]")) return;
    for (const box of document.querySelectorAll(".pick:checked")) box.checked = false;
    showPicked();
  });
  document.body.addEventListener("htmx:afterSwap", () => { showPicked(); if (at) current()?.classList.add("at"); });
  showPicked();
})();
