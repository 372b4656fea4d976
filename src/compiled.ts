/**
 * The compiled file that a worker thread or child process starts from. Node cannot start from TypeScript, so when sigmax itself
 * runs from sources (unit tests) the file of the last build stands in.
 */
export function compiledFile(relative: string, importMetaUrl: string): URL {
  const url = new URL(relative, importMetaUrl);
  return importMetaUrl.endsWith(".ts") ? new URL(url.href.replace("/src/", "/dist/").replace(/\.ts$/, ".js")) : url;
}
