// The session ended meanwhile, or began anew in another tab: nothing that was typed is lost.
(() => {
  "use strict";
  const dialog = document.getElementById("dialog");
  const complain = (text) => document.body.dispatchEvent(new CustomEvent("toast", { detail: { text, tone: "bad" } }));

  // With words in an open dialog, people sign in beside it, come back, and send it again.
  let isSignedOut = false;
  const address = "/sign-in/?next=" + encodeURIComponent(location.pathname + location.search);
  function askToSignIn() {
    if (!dialog?.open) { location.assign(address); return; }
    if (isSignedOut) return;
    isSignedOut = true;
    const line = document.createElement("p");
    line.className = "faults";
    line.setAttribute("role", "alert");
    const link = Object.assign(document.createElement("a"), { href: address, target: "_blank", textContent: "Sign in in a new tab" });
    line.append("You were signed out meanwhile. What you typed is still here. ", link, ", come back and send it again.");
    dialog.querySelector(".dialog")?.prepend(line);
    line.scrollIntoView({ block: "nearest" });
  }
  document.body.addEventListener("htmx:responseError", (event) => { if (event.detail.xhr.status === 401) askToSignIn(); });

  // A new session has new keys for its forms: the page takes them over without being loaded anew. They are somebody
  // else's where another person signed in meanwhile; then nothing is sent before that is said.
  async function takeKeys() {
    const fetched = await fetch(location.href);
    const body = new DOMParser().parseFromString(await fetched.text(), "text/html").body;
    const fresh = body.getAttribute("hx-headers");
    if (fetched.redirected || !fresh) return { ledTo: fetched.redirected && fetched.url };
    document.body.setAttribute("hx-headers", fresh);
    for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken]")) field.value = JSON.parse(fresh)["X-CSRFToken"];
    const isSame = body.dataset.who === document.body.dataset.who;
    document.body.dataset.who = body.dataset.who;
    return { isSame, name: body.dataset.name };
  }
  window.takeKeys = takeKeys;  // for what goes up beside htmx
  const SOMEBODY_ELSE = "Nothing was sent: somebody else signed in here meanwhile. You are now: ";
  let wasAway = false;
  document.addEventListener("visibilitychange", () => { wasAway ||= document.hidden; });
  addEventListener("blur", () => { wasAway = true; });
  addEventListener("focus", async () => {
    const isSignIn = location.pathname === "/sign-in/";
    if (!isSignedOut && !isSignIn) return;
    const { ledTo, isSame, name } = await takeKeys();
    if (isSignIn && ledTo) location.assign(ledTo);
    if (isSame === undefined || !isSignedOut) return;
    dialog?.querySelector(".faults[role=alert]")?.remove();
    isSignedOut = false;
    if (!isSame) complain(SOMEBODY_ELSE + name);
  });

  // Sent with old keys, nothing was done: with the new ones it is sent again, once, exactly as it was.
  const again = new WeakSet();
  document.body.addEventListener("htmx:afterRequest", async (event) => {
    const { xhr, elt, target, requestConfig } = event.detail;
    if (!xhr?.getResponseHeader("Bursar-Stale")) return;
    const { isSame, name } = again.has(elt) ? {} : await takeKeys().catch(() => ({}));
    if (isSame) {
      again.add(elt);
      requestConfig.formData.delete("csrfmiddlewaretoken");
      await window.htmx.ajax(requestConfig.verb, requestConfig.path, { source: elt, target, values: requestConfig.formData });
      again.delete(elt);
    } else complain(name ? SOMEBODY_ELSE + name : "This page is older than your sign-in. Reload it and try again.");
  });

  // A whole form cannot be sent again by itself, so the keys are looked at before, in a page that was left for a while.
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!wasAway || form.method !== "post" || form.hasAttribute("hx-post") || form.hasAttribute("data-upload")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    wasAway = false;
    const { isSame, name } = await takeKeys().catch(() => ({}));
    if (isSame === false) complain(SOMEBODY_ELSE + name);
    else form.requestSubmit(event.submitter);
  }, true);
})();
