// A row's detail: what has no room in the row, and what it says by a sign alone, whole. And the edge of a table that goes on.
import { all, first, hit, idOf } from "./dom.js";

/** @param {HTMLElement} frame */
const tableIn = (frame) => /** @type {HTMLTableElement | null} */ (first(":scope > table", frame));
/** @param {HTMLElement} table */
const rowsOf = (table) => /** @type {HTMLTableRowElement[]} */ (all("tbody > tr:not(.detail, .nested)", table).filter((row) => first("td.act", row)));
/** @param {Element} one */
const wordsOf = (one) => (one.textContent ?? "").replace(/\s+/g, " ").trim();

/** What a row is of. @param {HTMLElement} row */
const nameOf = (row) => wordsOf(first("td.name b", row) ?? first("td.name a", row) ?? first("td", row) ?? row);

/** Whether somebody hid the column: then it is in no detail either. @param {Element} part @param {Element} table */
const isHidden = (part, table) => [...part.classList].some((name) => name.startsWith("c-") && table.classList.contains(`hide-${name.slice(2)}`));

/** Whether a cell says something that is not to be seen. @param {HTMLElement} cell @param {HTMLElement} table */
const isAway = (cell, table) => getComputedStyle(cell).display === "none" && !isHidden(cell, table) && !["", "–"].includes(wordsOf(cell));

/** What only a pointer would be told: titles, but those of instants. @param {HTMLElement} cell */
const titlesIn = (cell) => [...(cell.title ? [cell] : []), ...all("[title]:not(time, button, a.button, a.link)", cell)].map((one) => one.title);

/** The pairs of a row: label, and the cell or the words. @param {HTMLTableRowElement} row */
function pairsOf(row) {
  const table = /** @type {HTMLTableElement} */ (row.closest("table"));
  const heads = [...(table.tHead?.rows[0]?.cells ?? [])];
  /** @type {[string, HTMLElement | string[]][]} */
  const pairs = [];
  [...row.cells].forEach((cell, at) => {
    if (cell.matches(".act")) return;
    const head = heads[at];
    const label = head ? wordsOf(head).replace(/ [↓↑]$/, "") : "";
    const told = [...titlesIn(cell), ...(head?.title ? [head.title] : [])].filter((words) => words !== wordsOf(cell));
    const isShort = told.some((words) => words.startsWith(wordsOf(cell).replace(/…$/, "")));
    if (isAway(cell, table) && !isShort) pairs.push([label, cell]);
    else if (!isHidden(cell, table) && told.length) pairs.push([label, told]);
  });
  return pairs;
}

/** @param {string} label @param {HTMLElement | string[]} said */
function pair(label, said) {
  const box = document.createElement("div");
  const dt = document.createElement("dt");
  const dd = document.createElement("dd");
  dt.textContent = label;
  if (said instanceof HTMLElement) dd.append(...[...said.cloneNode(true).childNodes]);
  else dd.textContent = said.join(" · ");
  box.append(dt, dd);
  return box;
}

/** The row under a row that holds its pairs. @param {HTMLTableRowElement} row */
function made(row) {
  const detail = document.createElement("tr");
  detail.className = "detail";
  const cell = detail.insertCell();
  cell.className = "whole";
  cell.colSpan = [...row.cells].filter((one) => getComputedStyle(one).display !== "none").length;
  const list = document.createElement("dl");
  for (const [label, said] of pairsOf(row)) list.append(pair(label, said));
  cell.append(list);
  return detail;
}

/** The server's own words about a row, where its table has an address for them. @param {string} address @param {string} id */
async function fetched(address, id) {
  const answer = await fetch(address.replace("*", id), { headers: { "HX-Request": "true" } });
  if (!answer.ok) throw new Error(`${answer.status}`);
  const box = document.createElement("template");
  box.innerHTML = await answer.text();
  return first("tr", box.content);
}

/** @param {Element} row */
const detailOf = (row) => /** @type {HTMLElement | null} */ (row.nextElementSibling?.matches(".detail") ? row.nextElementSibling : null);

/** A pair of a column is shown only while the column has no room. @param {HTMLTableRowElement} row */
function fit(row) {
  const detail = detailOf(row);
  const table = /** @type {HTMLTableElement} */ (row.closest("table"));
  const heads = [...(table.tHead?.rows[0]?.cells ?? [])];
  for (const part of detail ? all("dl > [class^=c-]", detail) : []) {
    const cell = row.cells[heads.findIndex((head) => head.classList.contains(part.className))];
    part.hidden = !cell || isHidden(part, table) || getComputedStyle(cell).display !== "none";
  }
}

/** Opens a row's detail, or shuts it; of a workspace's row that of its account. @param {HTMLTableRowElement} at */
export async function unfold(at) {
  const row = at.matches(".nested") ? /** @type {HTMLTableSectionElement} */ (at.parentElement).rows[0] : at;
  const button = first(".unfold", row);
  const open = detailOf(row);
  if (!button || button.hidden || button.ariaBusy) return;
  button.ariaExpanded = String(!open);
  if (open) { open.remove(); return; }
  const table = /** @type {HTMLElement} */ (row.closest("table"));
  const id = idOf(row.parentElement);
  button.ariaBusy = "true";
  try {
    const detail = table.dataset.detail && id ? await fetched(table.dataset.detail, id) : made(row);
    if (detail) row.after(detail);
    if (detail) window.htmx.process(detail);
    fit(row);
  } catch {
    location.assign(first("td.name a", row)?.getAttribute("href") ?? location.href);
  }
  button.ariaBusy = null;
}

/** The button that copies the address beside it. */
function copier() {
  const button = document.createElement("button");
  button.className = "plain-button copy";
  button.type = "button";
  button.dataset.copy = "";
  return button;
}

/** Each row has its button, where there is something to open. @param {HTMLTableElement} table */
function dress(table) {
  for (const kebab of all(".kebab:not([role])", table)) {
    kebab.role = "button";
    kebab.ariaHasPopup = "dialog";
  }
  for (const mail of table.dataset.detail ? all("td > a[href^='mailto:']:only-child", table) : []) mail.after(copier());
  for (const button of all("a + [data-copy]:not([aria-label])", table)) {
    button.ariaLabel = `Copy the address of ${wordsOf(/** @type {Element} */ (button.previousElementSibling))}`;
  }
  for (const row of rowsOf(table)) {
    const cell = /** @type {HTMLElement} */ (first("td.act", row));
    let button = first(".unfold", cell);
    if (!button) {
      button = document.createElement("button");
      button.className = "unfold";
      button.setAttribute("type", "button");
      button.ariaExpanded = "false";
      button.ariaLabel = `More about ${nameOf(row).slice(0, 100)}`;
      cell.prepend(button);
    }
    const open = detailOf(row);
    button.hidden = !table.dataset.detail && !pairsOf(row).length;
    if (open && !table.dataset.detail) open.replaceWith(made(row));
    fit(row);
  }
}

/** A table that is wider than its frame all the same scrolls, and says so at its edge. @param {HTMLElement} frame */
function showEdge(frame) {
  const table = tableIn(frame);
  const width = Math.max(table?.offsetWidth ?? 0, table?.scrollWidth ?? 0);
  frame.classList.toggle("scrolls", width > frame.clientWidth + 1);
  frame.classList.toggle("more", frame.scrollLeft + frame.clientWidth < width - 1);
}

function showAll() {
  for (const frame of all(".table-frame")) {
    const table = tableIn(frame);
    if (table?.matches(".rows-grid")) dress(table);
    showEdge(frame);
  }
}

new ResizeObserver(showAll).observe(document.body);
showAll();
document.addEventListener("toggle", showAll, true);
document.addEventListener("scroll", (event) => { if (hit(event).matches?.(".table-frame")) showEdge(hit(event)); }, true);
document.body.addEventListener("htmx:afterSettle", showAll);
document.addEventListener("click", (event) => {
  const button = hit(event).closest(".unfold");
  if (button) unfold(/** @type {HTMLTableRowElement} */ (button.closest("tr")));
});
