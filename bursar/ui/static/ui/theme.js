// Before the first paint: the theme the reader chose, else the system's.
(() => {
  const chosen = localStorage.getItem("theme");
  const dark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.bsTheme = dark ? "dark" : "light";
  // Paper is white.
  let shown = "";
  addEventListener("beforeprint", () => { shown = document.documentElement.dataset.bsTheme; document.documentElement.dataset.bsTheme = "light"; });
  addEventListener("afterprint", () => { document.documentElement.dataset.bsTheme = shown || "light"; });
})();
