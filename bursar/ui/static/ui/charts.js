// Draws a chart from the table behind it: <table data-chart="…"> with one column a series. The table stays the truth.
(() => {
  "use strict";
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const number = (cell) => Number(cell.dataset.value);

  function series(table) {
    return [...table.querySelectorAll("thead th[data-color]")].map((head) => ({
      label: head.textContent.trim(),
      data: [...table.tBodies[0].rows].map((row) => number(row.cells[head.cellIndex])),
      backgroundColor: css(head.dataset.color),
      borderColor: css(head.dataset.color),
      type: head.dataset.type || "bar",
      borderWidth: head.dataset.type === "line" ? 2 : 0,
      pointRadius: 2,
      maxBarThickness: 44,
      stack: head.dataset.type === "line" ? undefined : "all",
      order: head.dataset.type === "line" ? 0 : 1,
    }));
  }

  function draw(table) {
    const canvas = document.getElementById(table.dataset.chart);
    const grid = css("--tblr-border-color");
    const ink = css("--tblr-secondary");
    const labels = [...table.tBodies[0].rows].map((row) => row.cells[0].dataset.label);
    const links = [...table.tBodies[0].rows].map((row) => row.querySelector("a")?.href);
    canvas.chart?.destroy();
    canvas.chart = new window.Chart(canvas, {
      data: { labels, datasets: series(table) },
      options: {
        animation: false,
        maintainAspectRatio: false,
        interaction: { mode: "index", intersect: false },
        onClick: (event, found) => { if (found.length && links[found[0].index]) location.assign(links[found[0].index]); },
        scales: {
          x: { stacked: true, grid: { display: false }, ticks: { color: ink }, border: { color: grid } },
          y: { stacked: true, grid: { color: grid }, ticks: { color: ink, maxTicksLimit: 6 }, border: { display: false } },
        },
        plugins: { legend: { position: "bottom", labels: { color: ink, boxWidth: 10, boxHeight: 10 } } },
      },
    });
  }

  function all() { for (const table of document.querySelectorAll("table[data-chart]")) draw(table); }
  window.Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  all();
  document.body.addEventListener("htmx:afterSwap", all);
  new MutationObserver(all).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
})();
