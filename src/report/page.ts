import { createHash } from "node:crypto";
import { escapeHtml, type Html } from "./html.js";
import { STYLE } from "./style.js";

/**
 * One offline HTML file that loads nothing and runs nothing but what is given here: the content security policy names
 * the styles and scripts by their sha256.
 *
 * @param options.data what scripts read, by the id of its element; as JSON, which nothing executes
 * @throws RangeError if a script or style contains its own end tag
 */
export function page({
  title,
  description = "",
  body,
  styles = [STYLE],
  scripts = [],
  data = {},
}: {
  readonly title: string;
  readonly description?: string;
  readonly body: Html;
  readonly styles?: readonly string[];
  readonly scripts?: readonly string[];
  readonly data?: Readonly<Record<string, unknown>>;
}): string {
  const style = inline("style", styles);
  const script = inline("script", scripts);
  const policy = [
    "default-src 'none'",
    `style-src ${style.sources}`,
    `script-src ${script.sources}`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="sigmax">
${description && `<meta name="description" content="${escapeHtml(description)}">\n`}<title>${escapeHtml(title)}</title>
${style.markup}
</head>
<body>
${body.markup}
${Object.entries(data).map(dataBlock).join("")}${script.markup}
</body>
</html>
`;
}

function dataBlock([id, value]: readonly [string, unknown]): string {
  // No "<" can end the element or open a comment in it.
  return `<script type="application/json" id="${escapeHtml(id)}">${JSON.stringify(value).replaceAll("<", "\\u003c")}</script>\n`;
}

function inline(tag: "style" | "script", texts: readonly string[]): { markup: string; sources: string } {
  const sources: string[] = [];
  const markup = texts.map((text) => {
    if (new RegExp(`</${tag}|<!--`, "i").test(text)) throw new RangeError(`a ${tag} contains </${tag}> or <!--`);
    // The browser hashes what it parsed, and parsing turns CR LF into LF.
    const content = text.replace(/\r\n?/g, "\n");
    sources.push(`'sha256-${createHash("sha256").update(content).digest("base64")}'`);
    return `<${tag}>${content}</${tag}>`;
  });
  return { markup: markup.join("\n"), sources: sources.length > 0 ? sources.join(" ") : "'none'" };
}
