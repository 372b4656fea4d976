/** A number with a fixed count of decimals; a dash where there is none (undefined, NaN), ∞ where it is infinite. */
export function fixed(value: number | undefined, decimals = 3): string {
  if (value === undefined || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  // -0.0004 would print as "-0.000".
  const text = value.toFixed(decimals);
  return Number(text) === 0 ? (0).toFixed(decimals) : text.replace("-", "−");
}

/** A whole number with thin spaces between thousands: 12 345. */
export function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

/** A share as whole per cent without its sign; "<1" where rounding would hide it. */
export function wholePerCent(share: number): string {
  return share > 0 && share < 0.005 ? "<1" : String(Math.round(100 * share));
}

/** A share in per cent with one decimal; a dash where there is none. */
export function perCent(share: number): string {
  return Number.isNaN(share) ? "–" : `${fixed(100 * share, 1)}\u202f%`;
}

/** A noun with its number: `plural(1, "image")` is "1 image", `plural(2, "class", "classes")` is "2 classes". */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** A small number in its shortest form: 0.01, 1e-5. */
export function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** Text cut to a number of characters, with an ellipsis. */
export function clip(text: string, characters: number): string {
  const points = [...text];
  return points.length <= characters ? text : `${points.slice(0, characters - 1).join("")}…`;
}

/** A difference with its sign: "+0.034", "−0.010"; what rounds to nothing has none. */
export function signed(value: number, decimals = 3): string {
  const text = fixed(value, decimals);
  return value > 0 && Number(text) !== 0 ? `+${text}` : text;
}

/** An interval: "0.810 … 0.858". */
export function between([low, high]: readonly [low: number, high: number]): string {
  return `${fixed(low)} … ${fixed(high)}`;
}

/** An interval of differences: "+0.010 … +0.058". */
export function signedInterval([low, high]: readonly [low: number, high: number], decimals = 3): string {
  return `${signed(low, decimals)} … ${signed(high, decimals)}`;
}
