"use strict";
// Arrow keys move between the fields, Escape puts the reason away. Without this script, Tab reaches every field.
(() => {
  const table = document.querySelector(".matrix");
  if (!table) return;
  const links = () => [...table.querySelectorAll("tbody tr:not(.system)")]
    .map((row) => [...row.cells].map((cell) => cell.querySelector("a")))
    .filter((row) => row.some((link) => link && link.offsetParent));
  const all = [...table.querySelectorAll("td a")];
  const rove = (to) => all.forEach((link) => { link.tabIndex = link === to ? 0 : -1; });
  rove(all[0]);
  table.addEventListener("focusin", (event) => {
    const link = event.target.closest("td a");
    if (link) rove(link);
  });
  const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  table.addEventListener("keydown", (event) => {
    const step = steps[event.key];
    if (!step || !event.target.closest("td a")) return;
    const grid = links();
    let row = grid.findIndex((each) => each.includes(event.target));
    let column = grid[row].indexOf(event.target);
    do { row += step[0]; column += step[1]; } while (grid[row] && column in grid[row] && !grid[row][column]?.offsetParent);
    const next = grid[row]?.[column];
    if (next) { event.preventDefault(); next.focus(); }
  });
  // A filter may hide the one field that Tab reaches.
  document.querySelector(".filters")?.addEventListener("change", () => {
    if (!all.some((link) => link.tabIndex === 0 && link.offsetParent)) rove(all.find((link) => link.offsetParent));
  });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") table.classList.add("quiet-tips"); });
  for (const kind of ["pointerover", "focusin"]) {
    table.addEventListener(kind, () => table.classList.remove("quiet-tips"));
  }
})();
