import type { CellPlace } from "./report-data.js";

/** The place that a cell names in its `data-cell`. */
export function placeOf(cell: HTMLElement): CellPlace {
  const [kind, row, column] = (cell.dataset.cell ?? "").split(":");
  return { kind, row: Number(row), column: Number(column) };
}

/** How arrow keys and their kin move within a grid of rows × columns; undefined for keys that do not. */
export function moved(
  key: string,
  [row, column]: readonly [number, number],
  rows: number,
  columns: number,
): [number, number] | undefined {
  const step = STEPS[key];
  if (step === undefined) return undefined;
  const [r, c] = step([row, column], rows, columns);
  return [Math.min(rows - 1, Math.max(0, r)), Math.min(columns - 1, Math.max(0, c))];
}

const STEPS: Readonly<Record<string, (at: readonly [number, number], rows: number, columns: number) => [number, number]>> = {
  ArrowUp: ([row, column]) => [row - 1, column],
  ArrowDown: ([row, column]) => [row + 1, column],
  ArrowLeft: ([row, column]) => [row, column - 1],
  ArrowRight: ([row, column]) => [row, column + 1],
  Home: ([row]) => [row, 0],
  End: ([row], _, columns) => [row, columns - 1],
};

/** Makes the cells of a table a grid: one stop of the Tab key, arrows between the cells, Enter, Space or a click open. */
export function mountGrid(
  table: HTMLTableElement,
  nameOf: (place: CellPlace) => string,
  open: (cell: HTMLElement) => void,
): void {
  const grid = Array.from(table.tBodies[0].rows, (row) => Array.from(row.querySelectorAll<HTMLElement>("[data-cell]")));
  table.setAttribute("role", "grid");
  for (const cell of grid.flat()) {
    cell.tabIndex = -1;
    cell.setAttribute("role", "gridcell");
    cell.setAttribute(
      "aria-label",
      `${nameOf(placeOf(cell))}: ${cell.querySelector(".as-count")?.textContent ?? (cell.textContent || "0")}`,
    );
  }
  if (grid[0]?.[0]) grid[0][0].tabIndex = 0;
  const cellOf = (target: EventTarget | null) => (target instanceof Element ? target.closest<HTMLElement>("[data-cell]") : null);
  table.addEventListener("click", ({ target }) => {
    const cell = cellOf(target);
    if (cell !== null) focus(cell);
    if (cell !== null) open(cell);
  });
  table.addEventListener("keydown", (event) => {
    const cell = cellOf(event.target);
    if (cell === null) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      open(cell);
      return;
    }
    const row = grid.findIndex((cells) => cells.includes(cell));
    const to = moved(event.key, [row, grid[row].indexOf(cell)], grid.length, grid[row].length);
    if (to === undefined) return;
    event.preventDefault();
    focus(grid[to[0]][to[1]]);
  });
  const focus = (cell: HTMLElement) => {
    for (const other of grid.flat()) other.tabIndex = other === cell ? 0 : -1;
    cell.focus();
  };
}
