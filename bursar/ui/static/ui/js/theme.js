// Before the first paint, so no module: the theme the reader chose, else the system's; and the sidebar as it was left.
(() => {
  const { dataset } = document.documentElement;
  const chosen = localStorage.getItem("theme");
  const isDark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  dataset.bsTheme = isDark ? "dark" : "light";
  if (localStorage.getItem("sidebar") === "folded") dataset.sidebar = "folded";
  // Paper is white.
  let shown = "";
  addEventListener("beforeprint", () => {
    shown = dataset.bsTheme ?? "";
    dataset.bsTheme = "light";
  });
  addEventListener("afterprint", () => { dataset.bsTheme = shown || "light"; });
})();
