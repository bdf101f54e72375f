"use strict";
// Theme, filter and sort. What is in the tables is read as text and never made into markup.
(() => {
  const FIRST = 25;
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const remember = (value) => { try { localStorage.setItem("logwinnow-theme", value); } catch { /* not allowed here */ } };
  const remembered = () => { try { return localStorage.getItem("logwinnow-theme"); } catch { return null; } };
  const press = (pressed, buttons) => buttons.forEach((each) => each.setAttribute("aria-pressed", String(each === pressed)));

  const themes = all(".theme button");
  const choose = (button) => { root.dataset.theme = button.dataset.theme; press(button, themes); };
  themes.forEach((button) => button.addEventListener("click", () => { choose(button); remember(button.dataset.theme); }));
  choose(themes.find((button) => button.dataset.theme === remembered()) || themes[0]);
  all(".theme, .views").forEach((each) => { each.hidden = false; });

  const state = new Map();
  all("table.cards").forEach((table) => {
    const rows = all("tbody tr", table);
    const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
    state.set(table.id, { table, texts, words: [], view: "", most: FIRST });
  });

  const show = (id) => {
    const { table, texts, words, view, most } = state.get(id);
    const rows = [...table.tBodies[0].rows];
    const fits = (row) =>
      (!view || row.dataset.views.split(" ").includes(view)) && words.every((word) => texts.get(row).includes(word));
    const found = rows.filter(fits);
    const shown = new Set(found.slice(0, most));
    rows.forEach((row) => { row.hidden = !shown.has(row); });
    document.getElementById("none-" + id).hidden = found.length > 0;
    const more = document.getElementById("more-" + id);
    more.hidden = shown.size === found.length;
    more.textContent = `Show all ${found.length.toLocaleString("en")}`;
    const filtered = words.length || view;
    document.getElementById("shown-" + id).textContent = filtered ? `${found.length} of ${rows.length}` : "";
  };

  all(".more").forEach((button) => button.addEventListener("click", () => {
    const before = all("tbody tr:not([hidden])", state.get(button.dataset.table).table).length;
    state.get(button.dataset.table).most = Infinity;
    show(button.dataset.table);
    // The button is gone: who came by keyboard goes on at the first row that it brought.
    const next = all("tbody tr:not([hidden])", state.get(button.dataset.table).table)[before];
    next.tabIndex = -1;
    next.focus();
  }));

  all("input[type=search]").forEach((input) => {
    const id = input.dataset.table;
    const filter = () => {
      state.get(id).words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      show(id);
    };
    input.addEventListener("input", filter);
    filter();
  });

  const compare = new Intl.Collator("en", { numeric: true }).compare;
  const sort = (button, order) => {
    const head = button.closest("th");
    const body = button.closest("table").tBodies[0];
    const at = head.cellIndex;
    const before = head.getAttribute("aria-sort");
    // Numbers and times begin with the greatest, texts with the first.
    const first = button.dataset.kind === "text" ? "ascending" : "descending";
    const next = order || (!before ? first : before === "ascending" ? "descending" : "ascending");
    all("th[aria-sort]", head.parentElement).forEach((each) => each.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", next);
    const keyed = [...body.rows].map((row) => {
      const cell = row.cells[at];
      return [button.dataset.kind === "text" ? cell.textContent.trim() : Number(cell.dataset.value), row];
    });
    const compared = button.dataset.kind === "text" ? compare : (a, b) => a - b;
    keyed.sort(([a], [b]) => (next === "ascending" ? compared(a, b) : compared(b, a)));
    body.append(...keyed.map(([, row]) => row));
    show(button.closest("table").id);
  };

  all(".views").forEach((views) => {
    const buttons = all("button", views);
    buttons.forEach((button) => button.addEventListener("click", () => {
      press(button, buttons);
      state.get(views.dataset.table).view = button.dataset.view;
      // The first rows are what is asked for: of the rarest those with the fewest lines.
      const byLines = state.get(views.dataset.table).table.querySelector("th.number .sort");
      sort(byLines, button.dataset.view === "rarest" ? "ascending" : "descending");
    }));
  });

  all(".sort").forEach((button) => button.addEventListener("click", () => sort(button)));
})();
