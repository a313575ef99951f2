// A button that only a script answers can be pressed once the script listens: this one comes after it.
document.addEventListener("DOMContentLoaded", () => {
  for (const button of document.querySelectorAll("button[data-when-ready]")) button.disabled = false;
});
