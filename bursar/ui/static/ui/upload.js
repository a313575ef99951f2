// Files go up with a bar for those that take over a second; without script the same form does it, and leads on. Several
// go up one after another, and one dialog is opened for all of them.
(() => {
  "use strict";
  const SHOWN_AFTER = 1000;

  const stale = Symbol("stale");

  // One file: the answer, or `stale` when the page's keys are those of somebody who signed in before.
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
        else if (request.getResponseHeader("Bursar-Stale")) resolve(stale);
        else resolve({ sentence: answer.sentence || (request.status ? "The file could not be taken. Reload the page and try again." : "No connection. The file is still chosen; try again.") });
      });
      request.open("POST", form.action);
      request.responseType = "json";
      request.setRequestHeader("Accept", "application/json");
      request.send(data);
    });
  }

  // Where one goes on with all of them: what tells the files apart stands side by side, with commas.
  function joined(addresses) {
    const [first, ...others] = addresses.map((address) => new URL(address, location.href));
    for (const other of others) {
      for (const [name, value] of other.searchParams) {
        if (first.searchParams.get(name) !== value) first.searchParams.set(name, `${first.searchParams.get(name)},${value}`);
      }
    }
    return first.pathname + first.search;
  }

  async function send(form, isAgain = false) {
    const bar = form.querySelector("progress");
    const fault = form.querySelector(".fault");
    const buttons = [...form.querySelectorAll("button")];
    const files = [...form.querySelector("input[type=file]").files];
    const timer = setTimeout(() => { bar.hidden = false; }, SHOWN_AFTER);
    const say = (text) => { fault.textContent = text; fault.hidden = !text; };
    say("");
    for (const button of buttons) button.disabled = true;
    const addresses = [];
    let answer = null;
    for (const file of files) {
      bar.value = 0;
      answer = await sendOne(form, file, bar);
      if (!answer.then) break;
      addresses.push(answer.then);
    }
    clearTimeout(timer);
    bar.hidden = true;
    for (const button of buttons) button.disabled = false;
    if (answer === stale && !isAgain) sendWithNewKeys(form);
    else if (answer === stale) say("The file could not be taken. Reload the page and try again.");
    else if (answer.then) window.htmx.ajax("GET", joined(addresses), { target: "#dialog", swap: "innerHTML" });
    else say(files.length > 1 ? `${files[addresses.length].name}: ${answer.sentence}` : answer.sentence);
  }

  async function sendWithNewKeys(form) {
    const { isSame } = await window.takeKeys();
    if (isSame) send(form, true);
    else form.querySelector(".fault").textContent = "Nothing was sent: somebody else signed in here meanwhile. Send it again if it is yours to send.";
    form.querySelector(".fault").hidden = isSame;
  }

  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-upload]");
    if (!form) return;
    event.preventDefault();
    send(form);
  });
})();
