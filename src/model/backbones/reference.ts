import { readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { messageOf, UserError } from "../../errors.js";
import { readWholeFile } from "../../files.js";
import type { WorkOptions } from "../../progress.js";
import { MAX_MODEL_BYTES } from "../../runtime/probe.js";
import { download, isAllowed } from "./download.js";
import type { Json } from "./preprocessor-config.js";

/** Where a model comes from and how the files beside it are reached. */
export interface ModelSource {
  /** Stored in classifiers: the file name, or the address. Never a path of this machine. */
  readonly id: string;
  /** Names the model in messages. */
  readonly file: string;
  read(): Promise<Uint8Array>;
  /** The JSON description beside the model, the nearest first, with its name for messages. */
  readConfig(): Promise<{ readonly config: Json; readonly file: string } | undefined>;
}

export interface SourceOptions extends WorkOptions {
  /** Where downloads are kept. Without it only paths can be opened. */
  readonly cache?: string | undefined;
  /** What `hf:<repo>/<path>` is fetched from; default https://huggingface.co. */
  readonly hubEndpoint?: string | undefined;
}

/** Larger files are not descriptions. */
const MOST_CONFIG_BYTES = 2 ** 20;

/**
 * Understands a path, `https://…`, or `hf:<owner>/<name>/<path>`; addresses may end in `#sha256=<hex>`.
 *
 * @throws UserError `usage` when the reference is none of these
 */
export function modelSource(reference: string, options: SourceOptions): ModelSource {
  if (reference.startsWith("hf:")) return hubSource(reference, options);
  return /^https?:\/\//i.test(reference) ? urlSource(reference, options) : pathSource(reference);
}

function pathSource(path: string): ModelSource {
  return {
    id: basename(path),
    file: path,
    async read() {
      return readWholeFile(path, {
        maxBytes: MAX_MODEL_BYTES,
        hint: "Give the path of an .onnx file, https://…, or hf:<owner>/<name>/<path>.",
      });
    },
    readConfig() {
      const folder = dirname(resolve(path));
      const places = [...new Set([besideName(resolve(path)), join(folder, CONFIG), join(folder, "..", CONFIG)])];
      return first(places, async (place) => {
        try {
          return new TextDecoder().decode(readWholeFile(place, { maxBytes: MOST_CONFIG_BYTES }));
        } catch (error) {
          if (error instanceof UserError && error.code === "not-found") return undefined;
          throw error;
        }
      });
    },
  };
}

function hubSource(reference: string, options: SourceOptions): ModelSource {
  const [, owner, name, path] = /^hf:([\w.-]+)\/([\w.-]+)\/([^#?]+)/.exec(reference) ?? [];
  if (path === undefined || path.split("/").includes("..")) {
    throw new UserError("usage", `${reference}: not a file on Hugging Face`, {
      hint: "Write hf:<owner>/<name>/<path of the .onnx file>.",
    });
  }
  const root = `${options.hubEndpoint ?? "https://huggingface.co"}/${owner}/${name}/resolve/main/`;
  const [id, fragment = ""] = reference.split("#");
  return { ...urlSource(`${root}${path}${fragment && `#${fragment}`}`, options, root), id };
}

function urlSource(reference: string, options: SourceOptions, root = "/"): ModelSource {
  const url = parseUrl(reference);
  const sha256 = /^#sha256=([0-9a-f]{64})$/i.exec(url.hash)?.[1];
  if (url.hash !== "" && sha256 === undefined) {
    throw new UserError("usage", `${reference}: "${url.hash}" is not a checksum`, {
      hint: "Write #sha256= and 64 hexadecimal digits.",
    });
  }
  url.hash = "";
  const { cache } = options;
  if (cache === undefined)
    throw new UserError("usage", `${url}: needs a folder to download to`, { hint: "Give a cache folder." });
  const file = url.href;
  return {
    // User name, password and query may hold secrets.
    id: `${url.origin}${url.pathname}`,
    file,
    read: async () =>
      readWholeFile(await download(file, { ...options, folder: cache, sha256 }), { maxBytes: MAX_MODEL_BYTES, file }),
    readConfig() {
      const places = [besideName(url.pathname), CONFIG, `../${CONFIG}`].map((place) => new URL(place, url).href);
      const inside = [...new Set(places)].filter((place) => root === "/" || place.startsWith(root));
      return first(inside, (place) => downloadConfig(place, { ...options, cache }));
    },
  };
}

async function downloadConfig(url: string, options: SourceOptions & { readonly cache: string }): Promise<string | undefined> {
  try {
    const path = await download(url, { signal: options.signal, folder: options.cache, maxBytes: MOST_CONFIG_BYTES, retries: 0 });
    return await readFile(path, "utf8");
  } catch (error) {
    // Not there, or a site that answers every address with a page: look in the next place.
    if (error instanceof UserError && (error.code === "network" || error.code === "bad-file")) return undefined;
    throw error;
  }
}

const CONFIG = "preprocessor_config.json";

function besideName(model: string): string {
  return `${model.replace(/\.onnx$/i, "")}.json`;
}

function parseUrl(reference: string): URL {
  let url: URL;
  try {
    url = new URL(reference);
  } catch (error) {
    throw new UserError("usage", `${reference}: not an address`, { cause: error });
  }
  if (!isAllowed(url.href)) {
    throw new UserError("usage", `${reference}: models are downloaded over https only`, {
      hint: "Use https://, or download the file by hand.",
    });
  }
  return url;
}

async function first(places: readonly string[], read: (place: string) => Promise<string | undefined>) {
  for (const file of places) {
    const text = await read(file);
    if (text !== undefined) return { config: parseObject(text, file), file };
  }
  return undefined;
}

function parseObject(text: string, file: string): Json {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UserError("bad-file", `${file}: not valid JSON: ${messageOf(error)}`, { cause: error });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new UserError("bad-file", `${file}: holds no JSON object`, {
      hint: "It should hold the keys of Hugging Face's preprocessor_config.json.",
    });
  }
  return value as Json; // an object, by the line above
}
