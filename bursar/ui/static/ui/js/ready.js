// A button that only a script answers can be pressed once the script listens: this one comes after it.
import { all } from "./dom.js";

document.addEventListener("DOMContentLoaded", () => {
  for (const button of all("button[data-when-ready]")) button.toggleAttribute("disabled", false);
});
