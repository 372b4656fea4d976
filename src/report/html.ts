/** Markup that is safe to put into a page. A class, so that no parsed JSON can pass for it. */
export class Html {
  readonly markup: string;

  /** Trusts the markup as it stands: only for text that this program wrote itself. Use {@link html} for all else. */
  constructor(markup: string) {
    this.markup = markup;
  }
}

/** What may stand in `${…}` of {@link html}; undefined and false leave nothing behind. */
export type Interpolated = Html | string | number | undefined | false | readonly Interpolated[];

/**
 * Builds markup; everything interpolated is escaped unless it is {@link Html} already. Attribute values must be quoted.
 *
 * @example html`<td title="${file}">${name}</td>`
 */
export function html(strings: TemplateStringsArray, ...values: readonly Interpolated[]): Html {
  let markup = strings[0];
  values.forEach((value, i) => {
    markup += render(value) + strings[i + 1];
  });
  return new Html(markup);
}

function render(value: Interpolated): string {
  if (value === undefined || value === false) return "";
  if (value instanceof Html) return value.markup;
  if (typeof value === "object") return value.map(render).join("");
  return escapeHtml(String(value));
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Text made harmless in element content and in quoted attribute values, of HTML and of SVG. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]);
}

/** A name chosen by a user: isolated, so that right-to-left and control characters cannot disturb the text around it. */
export function name(text: string): Html {
  return html`<bdi>${text}</bdi>`;
}
