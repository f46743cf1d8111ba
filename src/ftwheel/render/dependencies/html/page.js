"use strict";
// Heads become buttons that sort, and a field filters by name. Without this script the table stands as ranked.
(() => {
  const table = document.querySelector(".deps");
  if (!table) return;
  const body = table.tBodies[0];
  const status = document.querySelector(".sr-status");
  const key = (row, index) => {
    const cell = row.cells[index];
    return cell ? cell.dataset.key ?? cell.textContent.trim() : "";
  };
  [...table.tHead.rows[0].cells].forEach((head, index) => {
    if (!("sort" in head.dataset)) return;
    const button = document.createElement("button");
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const compare = new Intl.Collator("en", { numeric: true }).compare;
      const rows = [...body.rows].sort((one, other) => compare(key(one, index), key(other, index)) * (down ? -1 : 1));
      body.append(...rows);
    });
  });
  const field = document.querySelector("#f-name");
  field.closest("label").hidden = false;
  field.addEventListener("input", () => {
    const wanted = field.value.trim().toLowerCase();
    let hits = 0;
    for (const row of body.rows) {
      const hit = row.dataset.names.includes(wanted);
      row.classList.toggle("hit-none", !hit);
      hits += hit;
    }
    status.textContent = wanted ? `${hits} of ${body.rows.length} projects match` : "";
  });
})();
