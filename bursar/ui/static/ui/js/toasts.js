// What an action answers, at the edge of the page, with its way back.
import { all, byId, first } from "./dom.js";

const LASTS = 6000;
const LASTS_LONG = 12000;

/** What was offered before for the same target is withdrawn: it would take back another state than the one that is seen.
 * @param {string} about */
function withdraw(about) {
  for (const old of all(`[data-about="${CSS.escape(about)}"]`, byId("toasts") ?? document)) first("a", old)?.remove();
}

/** The link that opens the way back in the dialog, and on what. @param {string} url @param {HTMLElement} line @param {string} on */
function makeUndo(url, line, on) {
  const link = document.createElement("a");
  link.href = url;
  link.textContent = "Undo…";
  if (on) link.append(Object.assign(document.createElement("small"), { textContent: ` ${on}` }));
  link.setAttribute("hx-get", url);
  link.setAttribute("hx-target", "#dialog");
  link.setAttribute("hx-sync", "this:drop");
  link.addEventListener("htmx:afterOnLoad", () => line.remove()); // before it would tell nobody that nothing came
  return link;
}

/** Says something. `tone`: “good” or “bad”. `undo`: the address of the way back. `about`: the target's id. `on`: its name.
 * @param {string} text @param {string} [tone] @param {string} [undo] @param {string} [about] @param {string} [on] */
export function toast(text, tone, undo, about, on) {
  if (about) withdraw(about);
  const line = document.createElement("div");
  if (about) line.dataset.about = about;
  line.className = `toast-line ${tone || ""}`;
  line.setAttribute("role", tone === "bad" ? "alert" : "status");
  line.textContent = text;
  if (undo) {
    line.append(" ", makeUndo(undo, line, on ?? ""));
    window.htmx.process(line);
  }
  byId("toasts")?.append(line);
  setTimeout(() => line.remove(), tone === "bad" || undo ? LASTS_LONG : LASTS);
}

document.body.addEventListener("toast", ({ detail }) => toast(detail.text, detail.tone, detail.undo, detail.about, detail.on));
document.addEventListener("allauth.error", () => {
  toast("The passkey did not answer, or you stopped it. Try again, or use a code.", "bad");
});
document.body.addEventListener("htmx:responseError", ({ detail }) => {
  const { status, responseText } = detail.xhr;
  if (status === 401) return; // the session ended: session.js
  if (status === 404) toast("This is gone, or not yours to see. Reload the page.", "bad");
  else if (status === 503) toast(responseText, "bad"); // busy, or the database is away: in words
  else toast("Something broke on our side. Nothing was changed.", "bad");
});
document.body.addEventListener("htmx:sendError", () => toast("No connection. What you typed is still here; try again.", "bad"));
