import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, UserError } from "../../errors.js";
import { throwIfAborted } from "../../progress.js";
import { type Address, redirected, shown } from "./address.js";
import type { BytePiece } from "./bytes.js";

/** A file behind an address, and how long it is waited for. */
export interface RemoteFile extends Address {
  /** To the first byte of an answer, and from one to the next. */
  readonly timeoutMs: number;
  /** How often a request is made again that failed on the way. */
  readonly retries: number;
  readonly retryDelayMs: number;
  /** Where redirects led to last: the next request goes there at once. Such places may be there for some minutes only. */
  route: URL;
}

/** What tells a file from a later one at the same address. */
export interface RemoteVersion {
  readonly size: number;
  /** ETag, or else Last-Modified; undefined where the server says neither. */
  readonly tag: { readonly name: "etag" | "last-modified"; readonly text: string } | undefined;
}

/** A part of a file, and the file that it is a part of. */
export interface RangeAnswer {
  readonly bytes: Uint8Array;
  readonly version: RemoteVersion;
}

const MOST_REDIRECTS = 5;
/** A connection that goes on for longer than its time limit must bring as much. */
const SLOWEST_BYTES_PER_SECOND = 2 ** 15;
/** A server that is busy, or a gateway whose server is: worth another try. */
const isPassing = (status: number) => status === 408 || status === 429 || status >= 500;

const DOWNLOAD = "Download the file and give its path.";

/**
 * The bytes of a range, as far as the file goes.
 *
 * @param known the version that the bytes must be of
 * @throws UserError `network`, `not-found`; `io` where the file is another than before; `aborted`
 */
export async function requestRange(
  file: RemoteFile,
  range: BytePiece,
  known: RemoteVersion | undefined,
  signal: AbortSignal,
): Promise<RangeAnswer> {
  for (let attempt = 0; ; attempt++) {
    throwIfAborted(signal);
    try {
      return await request(file, range, known, signal);
    } catch (error) {
      throwIfAborted(signal);
      if (error instanceof UserError) throw error;
      if (attempt >= file.retries) throw unreachable(file, error);
      file.route = file.url;
      await sleep(file.retryDelayMs * 2 ** attempt, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** One try. @throws UserError for what another cannot cure; anything else is worth one */
async function request(
  file: RemoteFile,
  range: BytePiece,
  known: RemoteVersion | undefined,
  signal: AbortSignal,
): Promise<RangeAnswer> {
  const stop = new AbortController();
  const { timeoutMs } = file;
  const timer = setTimeout(() => stop.abort(new Error(`nothing came for ${timeoutMs / 1000} s`)), timeoutMs);
  const deadline = performance.now() + timeoutMs + (1000 * range.length) / SLOWEST_BYTES_PER_SECOND;
  try {
    const { response, route } = await follow(file, range, AbortSignal.any([signal, stop.signal]));
    const { version, length } = checkAnswer(file, range, known, response);
    file.route = route;
    const bytes = new Uint8Array(length);
    let done = 0;
    for await (const chunk of response.body ?? []) {
      timer.refresh();
      if (done + chunk.length > length) throw refusal(file, `the server sent more than the ${length} bytes that it announced`);
      bytes.set(chunk, done);
      done += chunk.length;
      if (done < length && performance.now() > deadline) throw new Error(`only ${done} of ${length} bytes came in time`);
    }
    if (done < length) throw new Error(`the connection ended after ${done} of ${length} bytes`);
    return { bytes, version };
  } finally {
    clearTimeout(timer);
    // Of an answer that is refused, nothing more is fetched.
    stop.abort();
  }
}

/** Follows redirects one by one: none leads away from http and https, from an encrypted connection to an open one, or on for ever. */
async function follow(
  file: RemoteFile,
  { offset, length }: BytePiece,
  signal: AbortSignal,
): Promise<{ response: Response; route: URL }> {
  const { url, authorization } = file;
  let { route } = file;
  for (let hops = 0; hops <= MOST_REDIRECTS; hops++) {
    const response = await fetch(route, {
      redirect: "manual",
      signal,
      headers: {
        range: `bytes=${offset}-${offset + length - 1}`,
        "accept-encoding": "identity",
        // A password is for the server that it was given for.
        ...(authorization !== undefined && route.origin === url.origin && { authorization }),
      },
    });
    const location = response.status >= 300 && response.status < 400 ? response.headers.get("location") : null;
    if (location === null) return { response, route };
    await response.body?.cancel();
    const next = redirected(location, route);
    if (next === undefined) throw refusal(file, "the server leads to what is no address of http or https");
    if (route.protocol === "https:" && next.protocol === "http:") {
      throw refusal(file, `the server leads to ${shown(next)}, which is not encrypted`);
    }
    route = next;
  }
  throw refusal(file, `the server leads from address to address, more than ${MOST_REDIRECTS} times`);
}

/** Whether an answer holds what was asked for, before a byte of it is read. */
function checkAnswer(
  file: RemoteFile,
  { offset, length }: BytePiece,
  known: RemoteVersion | undefined,
  { status, headers }: Response,
): { version: RemoteVersion; length: number } {
  checkStatus(file, status, headers, known);
  const encoding = headers.get("content-encoding") ?? "identity";
  if (encoding !== "identity") {
    throw refusal(
      file,
      `the server packs what it sends (${encoding}), though it was asked not to: its ranges are not those of the file`,
    );
  }
  const said = headers.get("content-range") ?? "";
  const [first, last, size] = (/^bytes (\d+)-(\d+)\/(\d+)$/i.exec(said.trim()) ?? []).slice(1).map(Number);
  if (!Number.isSafeInteger(size)) {
    throw refusal(file, `the server does not say which part it sends, and of how many bytes (Content-Range: ${quoted(said)})`);
  }
  const tag = tagOf(headers);
  if (known !== undefined && (size !== known.size || tag?.name !== known.tag?.name || tag?.text !== known.tag?.text))
    throw changed(file);
  const end = Math.min(offset + length, size);
  if (first !== offset || last !== end - 1) {
    throw refusal(file, `the server sent bytes ${first} to ${last} of ${size} for ${offset} to ${end - 1}`);
  }
  return { version: { size, tag }, length: end - offset };
}

function checkStatus(file: RemoteFile, status: number, headers: Headers, known: RemoteVersion | undefined): void {
  if (status === 206) return;
  if (isPassing(status) || (status >= 400 && file.route !== file.url)) throw new Error(`the server answered ${status}`);
  if (status === 200) throw refusal(file, "the server does not send parts of files (200 for a request of a range)");
  if (status === 404 || status === 410) {
    throw new UserError("not-found", `${file.name}: the server does not have it (${status})`, { hint: "Check the address." });
  }
  if (status === 401 || status === 403) {
    throw refusal(
      file,
      `the server refuses it (${status})`,
      "Check the address and its signature, or download the file and give its path. User and password stand in front of the host: https://user:password@host/.",
    );
  }
  if (status === 416 && known !== undefined) throw changed(file);
  if (status === 416 && headers.get("content-range")?.trim() === "bytes */0") {
    throw new UserError("bad-file", `${file.name}: the file is empty`, { hint: "Export it again." });
  }
  throw refusal(file, `the server answered ${status}`);
}

function tagOf(headers: Headers): RemoteVersion["tag"] {
  for (const name of ["etag", "last-modified"] as const) {
    const text = headers.get(name)?.trim();
    if (text) return { name, text };
  }
  return undefined;
}

function quoted(header: string): string {
  return header === "" ? "none" : `"${header.slice(0, 60)}"`;
}

function refusal({ name }: RemoteFile, what: string, hint = DOWNLOAD): UserError {
  return new UserError("network", `${name}: ${what}`, { hint });
}

function changed({ name }: RemoteFile): UserError {
  return new UserError("io", `${name}: changed while it was read`, {
    hint: "Run again once nothing writes to it, or download it first.",
  });
}

function unreachable(file: RemoteFile, error: unknown): UserError {
  // "fetch failed" says nothing; its cause does.
  const reason = messageOf(error instanceof Error && error.cause instanceof Error ? error.cause : error);
  const tries = file.retries === 0 ? "" : `, ${file.retries + 1} times`;
  return new UserError("network", `${file.name}: cannot be read: ${reason || "no connection"}${tries}`, {
    hint: `Check the connection and the address, or try later. ${DOWNLOAD}`,
    cause: error,
  });
}
