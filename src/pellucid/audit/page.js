"use strict";
// Sorts, filters and collects what is ticked. Without this script the page shows the same, in the order of gravity.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const byId = (id) => document.getElementById(id);
  const items = all("[data-item]");
  const lists = all("[data-list]").map((list) => [list, [...list.children]]);
  const ticks = all("input[data-tick]");
  const compare = new Intl.Collator("en", { numeric: true }).compare;
  items.forEach((item) => { item.words = item.textContent.toLowerCase(); });

  function filter() {
    const words = byId("words").value.toLowerCase().split(/\s+/).filter(Boolean);
    const split = byId("split").value;
    const mark = byId("mark").value;
    let shown = 0;
    for (const item of items) {
      const fits = words.every((word) => item.words.includes(word))
        && (!split || item.dataset.splits.split(" ").includes(split))
        && (!mark || (mark === "ticked" ? all("input[data-tick]:checked", item).length
          : item.dataset.marks.includes(mark)));
      item.hidden = !fits;
      shown += fits ? 1 : 0;
    }
    byId("shown").textContent = `${shown} of ${items.length} findings shown`;
  }

  function sort() {
    const order = byId("order").value;
    for (const [list, children] of lists) {
      const ordered = [...children];
      if (order === "number") ordered.sort((a, b) => b.dataset.number - a.dataset.number);
      if (order === "label" || order === "place") ordered.sort((a, b) => compare(a.dataset[order], b.dataset[order]));
      list.append(...ordered);
    }
  }

  const cell = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const COLUMNS = ["split", "index", "label", "source", "reason"];

  // What is shown in several places is one image: it is listed once, and ticked in all of them.
  const key = ({ dataset }) => [dataset.split, dataset.index, dataset.source].join(" ");

  function collect() {
    const chosen = new Map();
    for (const tick of ticks) {
      if (tick.checked && !chosen.has(key(tick))) {
        chosen.set(key(tick), COLUMNS.map((column) => cell(tick.dataset[column])));
      }
    }
    byId("list").value = `${[COLUMNS, ...chosen.values()].map((row) => row.join(",")).join("\n")}\n`;
    byId("ticked").textContent = `${chosen.size} ticked`;
    byId("save").disabled = byId("copy").disabled = !chosen.size;
  }

  function twins(tick) {
    for (const other of ticks) if (key(other) === key(tick)) other.checked = tick.checked;
  }

  async function copy() {
    const list = byId("list");
    try {
      await navigator.clipboard.writeText(list.value);
    } catch {
      byId("listing").open = true;
      list.select();
      document.execCommand("copy");
    }
    byId("told").textContent = "copied";
  }

  function save() {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([byId("list").value], { type: "text/csv" }));
    link.download = byId("save").dataset.name;
    link.click();
    URL.revokeObjectURL(link.href);
    byId("told").textContent = `saved as ${link.download}`;
  }

  function tickAllButOne(group) {
    const members = all("input[data-tick]", group);
    const rank = (tick) => ["test", "validation", "train"].indexOf(tick.dataset.split);
    const stays = members.reduce((best, tick) => (rank(tick) < rank(best) ? tick : best));
    for (const tick of members) { tick.checked = tick !== stays; twins(tick); }
    collect();
  }

  function sortTable(header, column) {
    const body = header.closest("table").tBodies[0];
    const way = header.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    all("th[aria-sort]", header.parentNode).forEach((other) => other.removeAttribute("aria-sort"));
    header.setAttribute("aria-sort", way > 0 ? "ascending" : "descending");
    const text = (row) => row.cells[column].textContent.trim();
    body.append(...[...body.rows].sort((a, b) => way * compare(text(a), text(b))));
  }

  for (const header of all("th[data-sortable]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...header.childNodes);
    header.append(button);
    button.addEventListener("click", () => sortTable(header, header.cellIndex));
  }
  for (const group of all(".group")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Tick all but one";
    button.addEventListener("click", () => tickAllButOne(group));
    group.append(button);
  }
  for (const id of ["words", "split", "mark"]) byId(id).addEventListener("input", filter);
  byId("order").addEventListener("input", sort);
  ticks.forEach((tick) => tick.addEventListener("change", () => { twins(tick); collect(); }));
  byId("copy").addEventListener("click", copy);
  byId("save").addEventListener("click", save);
  byId("untick").addEventListener("click", () => { ticks.forEach((tick) => { tick.checked = false; }); collect(); });
  byId("controls").addEventListener("submit", (event) => event.preventDefault());
  document.documentElement.classList.add("scripted");
  filter();
  collect();
})();
