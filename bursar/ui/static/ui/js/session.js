// The session ended meanwhile, or began anew in another tab: nothing that was typed is lost.
import { all, dialogById, first } from "./dom.js";

const SOMEBODY_ELSE = "Nothing was sent: somebody else signed in here meanwhile. You are now: ";
const dialog = dialogById("dialog");
const body = document.body;
const isSignIn = location.pathname === "/sign-in/";
const address = `/sign-in/?next=${encodeURIComponent(location.pathname + location.search)}`;
/** What says so in the dialog. @type {HTMLElement | null} */
let said = null;
let wasAway = false;

/** @typedef {{ ledTo?: string, isSame?: boolean, name?: string }} Taken */
/** @returns {Taken} */
const nothing = () => ({});
/** @param {string} text */
const complain = (text) => body.dispatchEvent(new CustomEvent("toast", { detail: { text, tone: "bad" } }));

/** With words in an open dialog, people sign in beside it, come back, and send it again. */
function askToSignIn() {
  if (!dialog?.open) { location.assign(address); return; }
  if (said?.isConnected) return;
  const line = document.createElement("p");
  line.className = "faults";
  line.setAttribute("role", "alert");
  const link = Object.assign(document.createElement("a"), { href: address, target: "_blank", textContent: "Sign in in a new tab" });
  line.append("You were signed out meanwhile. What you typed is still here. ", link, ", come back and send it again.");
  first(".dialog", dialog)?.prepend(line);
  said = line;
  line.scrollIntoView({ block: "nearest" });
}
body.addEventListener("htmx:responseError", ({ detail }) => { if (detail.xhr.status === 401) askToSignIn(); });

/** A new session has new keys for its forms: the page takes them over without being loaded anew. They are somebody
 * else's where another person signed in meanwhile; then nothing is sent before that is said.
 * @param {string} [asWhom] whose page it was when that was sent which comes again; another request may have taken the keys over since
 * @returns {Promise<Taken>} */
export async function takeKeys(asWhom = body.dataset.who) {
  const fetched = await fetch(location.href);
  const theirs = new DOMParser().parseFromString(await fetched.text(), "text/html").body;
  const fresh = theirs.getAttribute("hx-headers");
  if (fetched.redirected || !fresh) return { ledTo: fetched.redirected ? fetched.url : "" };
  body.setAttribute("hx-headers", fresh);
  const token = JSON.parse(fresh)["X-CSRFToken"];
  for (const field of all("[name=csrfmiddlewaretoken]")) /** @type {HTMLInputElement} */ (field).value = token;
  const isSame = theirs.dataset.who === asWhom;
  body.dataset.who = theirs.dataset.who;
  return { isSame, name: theirs.dataset.name };
}

document.addEventListener("visibilitychange", () => { wasAway ||= document.hidden; });
addEventListener("blur", () => { wasAway = true; });
addEventListener("focus", async () => {
  if (!said && !isSignIn) return;
  const { ledTo, isSame, name } = await takeKeys();
  if (isSignIn && ledTo) location.assign(ledTo);
  if (isSame === undefined || !said) return;
  said.remove();
  said = null;
  if (!isSame) complain(SOMEBODY_ELSE + name);
});

// Sent with old keys, nothing was done: with the new ones it is sent again, once, exactly as it was.
/** @type {WeakSet<Element>} */
const again = new WeakSet();
/** @type {WeakMap<XMLHttpRequest, string | undefined>} */
const sentAs = new WeakMap();
body.addEventListener("htmx:beforeSend", ({ detail }) => { sentAs.set(detail.xhr, body.dataset.who); });
body.addEventListener("htmx:afterRequest", async ({ detail }) => {
  const { xhr, elt, target, requestConfig } = detail;
  if (!xhr?.getResponseHeader("Bursar-Stale")) return;
  const { isSame, name } = again.has(elt) ? nothing() : await takeKeys(sentAs.get(xhr)).catch(nothing);
  if (!elt.isConnected) return; // cancelled meanwhile: it is not done behind anybody's back
  if (isSame) {
    again.add(elt);
    requestConfig.formData.delete("csrfmiddlewaretoken");
    await window.htmx.ajax(requestConfig.verb, requestConfig.path, { source: elt, target, values: requestConfig.formData });
    again.delete(elt);
  } else complain(name ? SOMEBODY_ELSE + name : "This page is older than your sign-in. Reload it and try again.");
});

// A whole form cannot be sent again by itself, so the keys are looked at before, in a page that was left for a while.
// But for the sign-in: the server leads back there, and whoever walks by Tab leaves that page and comes back.
document.addEventListener("submit", async (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  const isBySelf = form.hasAttribute("hx-post") || form.hasAttribute("data-upload");
  if (!wasAway || isSignIn || form.method !== "post" || isBySelf) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  wasAway = false;
  const { isSame, name } = await takeKeys().catch(nothing);
  if (isSame === false) complain(SOMEBODY_ELSE + name);
  else form.requestSubmit(event.submitter);
}, true);
