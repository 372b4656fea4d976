import { formatCsv } from "../../data/csv.js";
import type { ChangedCells } from "./changed-cells.js";
import type { SceneDate } from "./dates.js";
import type { RuleAnswers } from "./rule-answers.js";

/** How much land something is. */
export interface Amount {
  readonly cells: number;
  readonly hectares: number;
}

/** Land of one class, or with one label, on a date. */
export interface ClassArea extends Amount {
  /** Index of the date. */
  readonly date: number;
  readonly name: string;
}

export interface TransitionArea extends Amount {
  /** Indices of the dates. */
  readonly from: number;
  readonly to: number;
  readonly before: string;
  readonly after: string;
}

export interface CountedOptions {
  readonly cells: ChangedCells;
  /** Labels of the classifier, and drawn classes. */
  readonly labels: readonly string[];
  readonly names: readonly string[];
  readonly rules: readonly RuleAnswers[];
  /** Of each cell. */
  readonly hectares: Float64Array;
}

/** What was counted on a change map. */
export interface Counted {
  readonly areas: readonly ClassArea[];
  /** From each date to the next, and from the first to the last; those that occur, unchanged ones too. */
  readonly transitions: readonly TransitionArea[];
  readonly rules: readonly Amount[];
}

/** Counts cells and their hectares: of every label on every date, of transitions, of rules. */
export function countChange({ cells, labels, names, rules, hectares }: CountedOptions): Counted {
  const { classes, present, drawn, answered } = cells;
  const last = present.length - 1;
  const amountOf = (isIn: (cell: number) => boolean): Amount => {
    const amount = { cells: 0, hectares: 0 };
    for (let cell = 0; cell < answered.length; cell++) {
      if (answered[cell] === 0 || !isIn(cell)) continue;
      amount.cells++;
      amount.hectares += hectares[cell];
    }
    return amount;
  };
  const pairs = [
    ...Array.from({ length: last }, (_, date) => [date, date + 1] as const),
    ...(last > 1 ? [[0, last] as const] : []),
  ];
  return {
    areas: present.flatMap((there, date) =>
      labels.map((name, k) => ({ date, name, ...amountOf((cell) => there[cell * classes + k] === 1) })),
    ),
    transitions: pairs.flatMap(([from, to]) => {
      const table = names.map(() => names.map(() => ({ cells: 0, hectares: 0 })));
      for (let cell = 0; cell < answered.length; cell++) {
        if (answered[cell] === 0) continue;
        const amount = table[drawn[from][cell]][drawn[to][cell]];
        amount.cells++;
        amount.hectares += hectares[cell];
      }
      return table.flatMap((row, i) =>
        row.flatMap((amount, j) => (amount.cells === 0 ? [] : [{ from, to, before: names[i], after: names[j], ...amount }])),
      );
    }),
    rules: rules.map(({ cells: says }) => amountOf((cell) => says[cell] === 1)),
  };
}

/** `transitions.csv`. */
export function transitionsCsv({ transitions }: Counted, dates: readonly SceneDate[]): string {
  return formatCsv([
    ["from", "to", "before", "after", "cells", "hectares"],
    ...transitions.map(({ from, to, before, after, cells, hectares }) => {
      return [dates[from].label, dates[to].label, before, after, `${cells}`, decimals(hectares)];
    }),
  ]);
}

/**
 * `areas.csv`: hectares of every class on every date (or of cells where a label is present), and of every rule from the first date to
 * the last; beside them how large a whole cell is.
 *
 * @param kind what the classifier gives a cell
 */
export function areasCsv(
  { areas, rules: amounts }: Counted,
  {
    dates,
    rules,
    kind,
    cellHectares,
  }: {
    readonly dates: readonly SceneDate[];
    readonly rules: readonly RuleAnswers[];
    readonly kind: string;
    readonly cellHectares: number;
  },
): string {
  const cell = decimals(cellHectares);
  return formatCsv([
    ["date", "kind", "name", "cells", "hectares", "cell_hectares"],
    ...areas.map(({ date, name, cells, hectares }) => [dates[date].label, kind, name, `${cells}`, decimals(hectares), cell]),
    ...rules.map(({ name }, i) => {
      const span = `${dates[0].label} to ${dates[dates.length - 1].label}`;
      return [span, "rule", name, `${amounts[i].cells}`, decimals(amounts[i].hectares), cell];
    }),
  ]);
}

function decimals(value: number): string {
  return String(Math.round(value * 1e4) / 1e4);
}
