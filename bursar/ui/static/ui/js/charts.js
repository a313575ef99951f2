// Draws a chart from the table behind it: <table data-chart="…"> with one column a series. The table stays the truth.
import { all } from "./dom.js";

/** @param {string} name */
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
/** What is drawn, by the canvas it is drawn on. @type {Map<string, { destroy(): void }>} */
const drawn = new Map();

/** @param {HTMLTableCellElement} head @param {HTMLTableRowElement[]} rows */
function series(head, rows) {
  const isLine = head.dataset.type === "line";
  const color = css(head.dataset.color ?? "");
  return {
    label: (head.textContent ?? "").trim(),
    data: rows.map((row) => Number(row.cells[head.cellIndex].dataset.value)),
    backgroundColor: color,
    borderColor: color,
    type: head.dataset.type || "bar",
    borderWidth: isLine ? 2 : 0,
    pointRadius: 2,
    maxBarThickness: 44,
    stack: isLine ? undefined : "all",
    order: isLine ? 0 : 1,
  };
}

/** @param {(string | undefined)[]} links */
function options(links) {
  const [grid, ink] = [css("--tblr-border-color"), css("--tblr-secondary")];
  return {
    animation: false,
    maintainAspectRatio: false,
    interaction: { mode: "index", intersect: false },
    onClick: (/** @type {unknown} */ _, /** @type {{ index: number }[]} */ found) => {
      const link = found.length ? links[found[0].index] : "";
      if (link) location.assign(link);
    },
    scales: {
      x: { stacked: true, grid: { display: false }, ticks: { color: ink }, border: { color: grid } },
      y: { stacked: true, grid: { color: grid }, ticks: { color: ink, maxTicksLimit: 6 }, border: { display: false } },
    },
    plugins: { legend: { position: "bottom", labels: { color: ink, boxWidth: 10, boxHeight: 10 } } },
  };
}

/** @param {HTMLTableElement} table */
function draw(table) {
  const id = table.dataset.chart ?? "";
  const rows = [...table.tBodies[0].rows];
  const heads = /** @type {HTMLTableCellElement[]} */ (all("thead th[data-color]", table));
  drawn.get(id)?.destroy();
  const labels = rows.map((row) => row.cells[0].dataset.label);
  const datasets = heads.map((head) => series(head, rows));
  const links = rows.map((row) => row.querySelector("a")?.href);
  drawn.set(id, new window.Chart(document.getElementById(id), { data: { labels, datasets }, options: options(links) }));
}

function drawAll() {
  for (const table of all("table[data-chart]")) draw(/** @type {HTMLTableElement} */ (table));
}

window.Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
drawAll();
document.body.addEventListener("htmx:afterSwap", drawAll);
new MutationObserver(drawAll).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
