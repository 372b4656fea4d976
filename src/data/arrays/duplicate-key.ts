const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\]:,]/g;

/** The first key that occurs twice in one object of valid JSON text, which `JSON.parse` would pass over in silence. */
export function duplicateKey(json: string): string | undefined {
  const open: Set<string>[] = [];
  let text = "";
  for (const [token] of json.matchAll(TOKENS)) {
    if (token === "{" || token === "[") open.push(new Set());
    else if (token === "}" || token === "]") open.pop();
    else if (token === ":") {
      const key: string = JSON.parse(text);
      const keys = open[open.length - 1];
      if (keys.has(key)) return key;
      keys.add(key);
    } else text = token;
  }
  return undefined;
}
