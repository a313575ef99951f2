// What the pages do beside htmx: the kebab's menu, the dialog, toasts, fresh rows, local times.
(() => {
  "use strict";
  const menu = document.getElementById("menu");
  const dialog = document.getElementById("dialog");
  const toasts = document.getElementById("toasts");
  let opener = null;
  let untouched = "";  // what the dialog's form said when it was opened; a refused one that comes back is touched

  function filledIn() {
    const form = dialog.querySelector("form");
    if (!form) return untouched;
    return JSON.stringify([...new FormData(form)].filter(([name]) => form.querySelector(`[name="${CSS.escape(name)}"]:not([type=hidden])`)));
  }

  // What was offered before for the same target is withdrawn: it would take back another state than the one that is seen.
  function toast(text, tone, undo, about) {
    for (const old of about ? toasts.querySelectorAll(`[data-about="${CSS.escape(about)}"]`) : []) {
      old.querySelector("a")?.remove();
    }
    const line = document.createElement("div");
    if (about) line.dataset.about = about;
    line.className = `toast-line ${tone || ""}`;
    line.setAttribute("role", tone === "bad" ? "alert" : "status");
    line.textContent = text;
    if (undo) {
      const link = document.createElement("a");
      link.href = undo;
      link.textContent = "Undo…";
      link.setAttribute("hx-get", undo);
      link.setAttribute("hx-target", "#dialog");
      link.addEventListener("click", () => setTimeout(() => line.remove()));  // htmx must find it in the page
      line.append(" ", link);
      window.htmx.process(line);
    }
    toasts.append(line);
    setTimeout(() => line.remove(), tone === "bad" || undo ? 12000 : 6000);
  }

  // A table that goes on beyond its frame says so at its edge; a name that is clipped is its own title.
  const showEdge = (frame) => frame.classList.toggle("more", frame.scrollLeft + frame.clientWidth < frame.scrollWidth - 1);
  function showEdges() {
    for (const frame of document.querySelectorAll(".table-frame")) showEdge(frame);
    for (const name of document.querySelectorAll(".rows-grid td.name > a")) if (name.scrollWidth > name.clientWidth) name.title = name.textContent;
  }
  addEventListener("resize", showEdges);
  addEventListener("load", showEdges);
  document.addEventListener("toggle", showEdges, true);
  document.addEventListener("scroll", (event) => { if (event.target.matches?.(".table-frame")) showEdge(event.target); }, true);
  document.body.addEventListener("htmx:afterSettle", showEdges);

  function localise(root) {
    for (const time of root.querySelectorAll("time[data-local]")) {
      const at = new Date(time.dateTime);
      const clock = time.dataset.local === "day" ? {} : { hour: "2-digit", minute: "2-digit" };
      time.textContent = at.toLocaleString(undefined, { day: "numeric", month: "short", year: "numeric", ...clock });
      time.removeAttribute("data-local");
    }
  }

  // The menu stands beside its button, never over its own row: where there is more room, as tall as fits.
  function place(button) {
    const at = button.getBoundingClientRect();
    const row = (button.closest("tr") || button).getBoundingClientRect();
    menu.style.maxHeight = "";
    const below = innerHeight - row.bottom - 12;
    const above = row.top - 12;
    const isBelow = menu.offsetHeight <= below || below >= above;
    menu.style.maxHeight = `${isBelow ? below : above}px`;
    menu.style.top = `${isBelow ? row.bottom + 4 : row.top - menu.offsetHeight - 4}px`;
    menu.style.left = `${Math.max(8, at.right - menu.offsetWidth)}px`;
  }

  function openMenu(button) {
    opener = button;
    if (!menu.matches(":popover-open")) menu.showPopover();
    place(button);
    button.setAttribute("aria-expanded", "true");
    menu.querySelector("a")?.focus();
  }

  if (menu) {
    menu.addEventListener("toggle", (event) => {
      if (event.newState !== "closed" || !opener) return;
      opener.setAttribute("aria-expanded", "false");
      if (!dialog.open) opener.focus();
    });
    menu.addEventListener("keydown", (event) => {
      const items = [...menu.querySelectorAll("a")];
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) {
        event.preventDefault();
        items[(items.indexOf(document.activeElement) + step + items.length) % items.length]?.focus();
      }
      if (event.key === "Home" || event.key === "End") {
        event.preventDefault();
        items.at(event.key === "Home" ? 0 : -1)?.focus();
      }
      if (event.key === "Tab") menu.hidePopover();
    });
    menu.addEventListener("click", (event) => {
      const item = event.target.closest("a");
      if (item?.getAttribute("aria-disabled") === "true") event.preventDefault();
    });
  }

  if (dialog) {
    dialog.addEventListener("close", () => {
      dialog.replaceChildren();
      if (opener?.isConnected) opener.focus();
      else document.querySelector(`.kebab[href="${opener?.getAttribute("href")}"]`)?.focus();
    });
    // A click beside it closes it, unless it began inside (a selection dragged out) or something filled in would be lost.
    let began = null;
    const isTouched = () => filledIn() !== untouched;
    dialog.addEventListener("pointerdown", (event) => { began = event.target; });
    dialog.addEventListener("click", (event) => {
      const isBeside = event.target === dialog && began === dialog && !isTouched();
      if (isBeside || event.target.closest("[data-close]")) dialog.close();
    });
    // Escape follows the same rule. A second one in a row could not be refused as a "cancel", so the key is held back too.
    const keep = (event) => {
      if (event.type === "keydown" ? event.key !== "Escape" : event.target !== dialog) return;
      if (!dialog.open || !isTouched()) return;
      event.preventDefault();
      if (dialog.querySelector(".kept")) return;
      const line = Object.assign(document.createElement("p"), { className: "kept notice", textContent: "What you filled in would be lost. Use Cancel if that is what you want." });
      line.setAttribute("role", "status");
      dialog.querySelector(".buttons")?.before(line);
    };
    dialog.addEventListener("cancel", keep);
    dialog.addEventListener("keydown", keep);
  }

  document.body.addEventListener("htmx:afterSwap", (event) => {
    localise(document);
    const target = event.detail.target;
    if (target === menu) openMenu(event.detail.requestConfig.elt);
    if (target === dialog) {
      menu.hidePopover();
      if (!dialog.open) {
        untouched = filledIn();
        dialog.showModal();
      }
      (dialog.querySelector("[aria-invalid=true]") || dialog.querySelector("[autofocus], select, input:not([type=hidden]), textarea"))?.focus();
    }
  });

  // A row or fragment that is fetched anew keeps the focus where it was, found again by its address or id.
  let held = "";
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    const at = document.activeElement;
    if (!event.detail.target.contains(at) || at === document.body) return;
    const address = at.getAttribute("href");
    held = at.id ? `#${CSS.escape(at.id)}` : address ? `${at.tagName}[href="${CSS.escape(address)}"]` : "";
  });
  document.body.addEventListener("htmx:afterSettle", () => {
    if (held && document.activeElement === document.body) document.querySelector(held)?.focus({ preventScroll: true });
    held = "";
  });

  // One submit at a time; the button comes back when the answer is here.
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.elt.matches("form[data-lock]")) for (const b of event.detail.elt.querySelectorAll("button")) b.disabled = true;
  });
  document.body.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.elt.matches?.("form[data-lock]")) for (const b of event.detail.elt.querySelectorAll("button")) b.disabled = false;
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.hasAttribute("hx-post")) setTimeout(() => { for (const b of form.querySelectorAll("button[data-once]")) b.disabled = true; });
  });

  document.body.addEventListener("toast", (event) => toast(event.detail.text, event.detail.tone, event.detail.undo, event.detail.about));
  document.addEventListener("allauth.error", () => toast("The passkey did not answer, or you stopped it. Try again, or use a code.", "bad"));
  document.body.addEventListener("close-dialog", () => dialog.close());
  document.body.addEventListener("changed", (event) => {
    const ids = event.detail.ids || [];
    for (const part of document.querySelectorAll("[data-refresh]")) {
      const own = part.dataset.refresh;
      if (own === "any" || ids.some((id) => own.split(" ").includes(id))) {
        part.dataset.stale = "yes";
        window.htmx.trigger(part, "refresh");
      }
    }
  });
  document.body.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    if (status === 401) return;  // the session ended: session.js
    if (status === 404) toast("This is gone, or not yours to see. Reload the page.", "bad");
    else if (status === 503) toast(event.detail.xhr.responseText, "bad"); // busy, or the database is away: in words
    else toast("Something broke on our side. Nothing was changed.", "bad");
  });
  document.body.addEventListener("htmx:sendError", () => toast("No connection. What you typed is still here; try again.", "bad"));

  // A kebab, and a figure with a popover, are plain links; here they open in place.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a.kebab, a.pop");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    window.htmx.ajax("GET", link.getAttribute("href"), { source: link, target: menu, swap: "innerHTML" });
  });

  // A prepared mail opens in the person's own program; that it was opened is logged by the action behind it.
  document.addEventListener("click", (event) => {
    const mail = event.target.closest("a[data-log]");
    if (!mail) return;
    window.htmx.ajax("POST", mail.dataset.log, { source: mail, swap: "none", values: { subject: mail.dataset.subject } });
  });

  document.addEventListener("click", async (event) => {
    const copier = event.target.closest("[data-copy]");
    if (copier) {
      const text = copier.dataset.copy || copier.previousElementSibling.href.replace("mailto:", "");
      const copied = await navigator.clipboard?.writeText(text).then(() => true, () => false);
      toast(copied ? `Copied ${text}` : `Your browser does not let pages copy here. It is: ${text}`);
    }
    for (const open of document.querySelectorAll("details.chip[open]")) if (!open.contains(event.target)) open.open = false;
    if (event.target.closest("[data-theme-switch]")) {
      const next = document.documentElement.dataset.bsTheme === "dark" ? "light" : "dark";
      document.documentElement.dataset.bsTheme = next;
      localStorage.setItem("theme", next);
    }
  });
  document.addEventListener("change", (event) => {
    if (event.target.closest("form[data-auto]")) event.target.form.requestSubmit();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") for (const open of document.querySelectorAll("details.chip[open]")) { open.open = false; open.querySelector("summary").focus(); }
    const typing = event.target.closest("input, textarea, select, dialog");
    if (event.key === "/" && !typing) {
      const search = document.querySelector("input[type=search]");
      if (search) { event.preventDefault(); search.focus(); }
    }
  });
  localise(document);
})();
