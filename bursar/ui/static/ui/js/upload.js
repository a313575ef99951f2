// Files go up with a bar for those that take over a second; without script the same form does it, and leads on. Several
// go up one after another, and one dialog is opened for all of them.
import { all, first, hit } from "./dom.js";
import { takeKeys } from "./session.js";

/** @typedef {{ then?: string, sentence?: string, isStale?: boolean }} Answer */

const SHOWN_AFTER = 1000;
const NOT_TAKEN = "The file could not be taken. Reload the page and try again.";
const NO_LINE = "No connection. The file is still chosen; try again.";
const NOT_YOURS = "Nothing was sent: somebody else signed in here meanwhile. Send it again if it is yours to send.";

/** One file: the answer; `isStale` when the page's keys are those of somebody who signed in before.
 * @param {HTMLFormElement} form @param {File} file @param {HTMLProgressElement} bar @returns {Promise<Answer>} */
function sendOne(form, file, bar) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const data = new FormData(form);
    data.set("file", file);
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) bar.value = (100 * event.loaded) / event.total;
    });
    request.addEventListener("loadend", () => {
      const answer = request.response || {};
      if (request.status === 200 && answer.then) resolve(answer);
      else if (request.getResponseHeader("Bursar-Stale")) resolve({ isStale: true });
      else resolve({ sentence: answer.sentence || (request.status ? NOT_TAKEN : NO_LINE) });
    });
    request.open("POST", form.action);
    request.responseType = "json";
    request.setRequestHeader("Accept", "application/json");
    request.send(data);
  });
}

/** Where one goes on with all of them: what tells the files apart stands side by side, with commas.
 * @param {string[]} addresses */
function joined(addresses) {
  const [one, ...others] = addresses.map((address) => new URL(address, location.href));
  for (const other of others) {
    for (const [name, value] of other.searchParams) {
      const said = one.searchParams.get(name);
      if (said !== value) one.searchParams.set(name, `${said},${value}`);
    }
  }
  return one.pathname + one.search;
}

/** @param {HTMLFormElement} form @param {string} text */
function say(form, text) {
  const fault = first(".fault", form);
  if (!fault) return;
  fault.textContent = text;
  fault.hidden = !text;
}

/** All files in turn, up to the first that is refused.
 * @param {HTMLFormElement} form @param {File[]} files @param {HTMLProgressElement} bar */
async function sendAll(form, files, bar) {
  const addresses = [];
  /** @type {Answer} */
  let answer = {};
  for (const file of files) {
    bar.value = 0;
    answer = await sendOne(form, file, bar);
    if (!answer.then) break;
    addresses.push(answer.then);
  }
  return { answer, addresses };
}

/** @param {HTMLFormElement} form @param {boolean} [isAgain] */
async function send(form, isAgain = false) {
  const bar = /** @type {HTMLProgressElement} */ (first("progress", form));
  const chosen = /** @type {HTMLInputElement} */ (first("input[type=file]", form));
  const files = [...(chosen.files ?? [])];
  const timer = setTimeout(() => { bar.hidden = false; }, SHOWN_AFTER);
  say(form, "");
  for (const button of all("button", form)) button.toggleAttribute("disabled", true);
  const { answer, addresses } = await sendAll(form, files, bar);
  clearTimeout(timer);
  bar.hidden = true;
  for (const button of all("button", form)) button.toggleAttribute("disabled", false);
  if (answer.isStale && !isAgain) await sendWithNewKeys(form);
  else if (answer.isStale) say(form, NOT_TAKEN);
  else if (answer.then) window.htmx.ajax("GET", joined(addresses), { target: "#dialog", swap: "innerHTML" });
  else say(form, (files.length > 1 ? `${files[addresses.length].name}: ` : "") + answer.sentence);
}

/** @param {HTMLFormElement} form */
async function sendWithNewKeys(form) {
  const { isSame } = await takeKeys();
  if (isSame) send(form, true);
  else say(form, NOT_YOURS);
}

document.addEventListener("submit", (event) => {
  const form = hit(event).closest("form");
  if (!form?.hasAttribute("data-upload")) return;
  event.preventDefault();
  send(form);
});
