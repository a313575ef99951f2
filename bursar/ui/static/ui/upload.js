// Files go up with a bar for those that take over a second; without script the same form does it, and leads on.
(() => {
  "use strict";
  const SHOWN_AFTER = 1000;

  function send(form, isAgain = false) {
    const bar = form.querySelector("progress");
    const fault = form.querySelector(".fault");
    const buttons = [...form.querySelectorAll("button")];
    const request = new XMLHttpRequest();
    const timer = setTimeout(() => { bar.hidden = false; }, SHOWN_AFTER);
    const say = (text) => { fault.textContent = text; fault.hidden = !text; };
    say("");
    bar.value = 0;
    for (const button of buttons) button.disabled = true;
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) bar.value = (100 * event.loaded) / event.total;
    });
    request.addEventListener("loadend", () => {
      clearTimeout(timer);
      bar.hidden = true;
      for (const button of buttons) button.disabled = false;
      const answer = request.response || {};
      if (request.status === 200 && answer.then) window.htmx.ajax("GET", answer.then, { target: "#dialog", swap: "innerHTML" });
      else if (request.getResponseHeader("Bursar-Stale") && !isAgain) sendWithNewKeys(form);
      else say(answer.sentence || (request.status ? "The file could not be taken. Reload the page and try again." : "No connection. The file is still chosen; try again."));
    });
    request.open("POST", form.action);
    request.responseType = "json";
    request.setRequestHeader("Accept", "application/json");
    request.send(new FormData(form));
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
