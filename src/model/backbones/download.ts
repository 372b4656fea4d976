import { createHash } from "node:crypto";
import {
  closeSync,
  createReadStream,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, UserError } from "../../errors.js";
import { fsyncFolder, makeFolder, writeFileAtomic } from "../../files.js";
import { throwIfAborted, type WorkOptions } from "../../progress.js";

export interface DownloadOptions extends WorkOptions {
  /** Where downloaded files are kept. */
  readonly folder: string;
  /** Hex; the file is refused when it has another. */
  readonly sha256?: string | undefined;
  /** Default 1 GiB. */
  readonly maxBytes?: number | undefined;
  /** Without a byte for this long the connection counts as cut. Default 30 s. */
  readonly timeoutMs?: number | undefined;
  /** How often a cut connection is taken up again. Default 3. */
  readonly retries?: number | undefined;
}

const RETRY_DELAY_MS = 300;

/**
 * The path of a downloaded file: from the cache where its checksum is right, else over the network. A connection that is cut
 * is resumed, now or in the next run; the file appears under its name only when it is whole.
 *
 * @throws UserError `network` naming URL and cache path, `bad-file` for a wrong checksum or a web page, `limit`, `io`, `aborted`
 */
export async function download(url: string, options: DownloadOptions): Promise<string> {
  const target = cachePath(url, options.folder);
  if (await isCached(target, options)) return target;
  makeFolder(dirname(target));
  const part = claimPart(target);
  const job: Job = { url, target, part, maxBytes: options.maxBytes ?? 2 ** 30, timeoutMs: options.timeoutMs ?? 30_000, options };
  try {
    for (let attempt = 0; ; attempt++) {
      try {
        await fetchRest(job);
        break;
      } catch (error) {
        throwIfAborted(options.signal);
        if (error instanceof UserError) throw error;
        if (attempt >= (options.retries ?? 3)) throw unreachable(job, error);
        await sleep(RETRY_DELAY_MS * 2 ** attempt);
      }
    }
    const sha256 = await sha256Of(part);
    if (options.sha256 !== undefined && sha256 !== options.sha256.toLowerCase()) {
      discard(part);
      throw new UserError("bad-file", `${url}: the checksum is wrong: sha256 ${sha256}, expected ${options.sha256}`, {
        hint: "The file was changed on the server or damaged on the way. Check the address and the checksum.",
      });
    }
    writeFileAtomic(`${target}.sha256`, `${sha256}\n`);
    renameSync(part, target);
    fsyncFolder(join(target, ".."));
    discard(part);
    return target;
  } catch (error) {
    throw error instanceof UserError
      ? error
      : new UserError("io", `${target}: cannot be written: ${messageOf(error)}`, { cause: error });
  }
}

/** Where a download is kept: a folder named by the address, so that equal names of different sites do not meet. */
export function cachePath(url: string, folder: string): string {
  const name = basename(new URL(url).pathname).replace(/[^\w.-]/g, "_") || "download";
  return join(folder, createHash("sha256").update(url).digest("hex").slice(0, 16), name);
}

interface Job {
  readonly url: string;
  readonly target: string;
  /** What has arrived so far. Beside it, in `.tag`, what identifies the version on the server. */
  readonly part: string;
  readonly maxBytes: number;
  readonly timeoutMs: number;
  readonly options: DownloadOptions;
}

async function isCached(target: string, { sha256, onWarning }: DownloadOptions): Promise<boolean> {
  const stored = readText(`${target}.sha256`);
  if (stored === undefined || sizeOf(target) === undefined) return false;
  const actual = await sha256Of(target);
  if (actual === stored && (sha256 === undefined || actual === sha256.toLowerCase())) return true;
  onWarning?.(`${target} has another checksum than expected; it is downloaded again.`);
  return false;
}

/**
 * A part file that is ours alone, taking over what an earlier process left: two processes that download the same file must
 * not write into one.
 */
function claimPart(target: string): string {
  const folder = join(target, "..");
  const prefix = `${basename(target)}.part.`;
  const mine = join(folder, prefix + process.pid);
  for (const name of readdirSync(folder)) {
    const owner = name.startsWith(prefix) ? Number(name.slice(prefix.length)) : Number.NaN;
    if (!Number.isInteger(owner) || owner === process.pid || isAlive(owner)) continue;
    try {
      renameSync(join(folder, name), mine);
      renameSync(join(folder, `${name}.tag`), `${mine}.tag`);
    } catch {
      // Another process was faster, or there is no tag: then the server is asked for the whole file.
    }
    break;
  }
  return mine;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Asks for what is missing and appends it. @throws UserError for what a retry cannot cure; anything else is worth one */
async function fetchRest(job: Job): Promise<void> {
  const { url, part, maxBytes, timeoutMs, options } = job;
  const tag = readText(`${part}.tag`);
  const present = tag === undefined ? 0 : (sizeOf(part) ?? 0);
  const stalled = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stalled.signal]) : stalled.signal;
  let timer = setTimeout(() => stalled.abort(), timeoutMs);
  try {
    // Without a tag the rest may belong to another version; then only a known checksum makes it safe to go on.
    const resumable = present > 0 && (tag !== "" || options.sha256 !== undefined);
    const range = resumable ? { range: `bytes=${present}-`, ...(tag && { "if-range": tag }) } : {};
    const response = await fetchFollowing(url, { signal, headers: { "accept-encoding": "identity", ...range } });
    const resumed = response.status === 206 && response.headers.get("content-range")?.startsWith(`bytes ${present}-`) === true;
    if (response.status === 206 && !resumed) throw new Error("the server answered with another part than was asked for");
    // The part is longer than the file on the server: start over.
    if (response.status === 416) discard(part);
    checkResponse(job, response);
    const start = resumed ? present : 0;
    const total = start + Number(response.headers.get("content-length") ?? Number.NaN);
    if (total > maxBytes) throw tooLarge(job, total);
    writeFileAtomic(`${part}.tag`, `${response.headers.get("etag") ?? response.headers.get("last-modified") ?? ""}\n`);
    const file = openSync(part, resumed ? "a" : "w");
    let done = start;
    try {
      for await (const chunk of response.body ?? []) {
        clearTimeout(timer);
        timer = setTimeout(() => stalled.abort(), timeoutMs);
        if (done === 0 && looksLikePage(chunk)) throw webPage(job);
        done += chunk.length;
        if (done > maxBytes) throw tooLarge(job, done);
        for (let written = 0; written < chunk.length; ) written += writeSync(file, chunk, written);
        options.onProgress?.({ stage: "download", done, unit: "bytes", ...(Number.isFinite(total) && { total }) });
      }
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    if (done === 0) throw new UserError("bad-file", `${url}: the server sent an empty file`, { hint: "Check the address." });
    if (Number.isFinite(total) && done !== total) throw new Error(`the connection ended after ${done} of ${total} bytes`);
  } finally {
    clearTimeout(timer);
  }
}

const MOST_REDIRECTS = 5;

/** Follows redirects one by one, so that none leads to an unencrypted connection before it was looked at. */
async function fetchFollowing(url: string, init: RequestInit): Promise<Response> {
  let address = url;
  for (let hops = 0; hops <= MOST_REDIRECTS; hops++) {
    const response = await fetch(address, { ...init, redirect: "manual" });
    const location = response.status >= 300 && response.status < 400 ? response.headers.get("location") : null;
    if (location === null) return response;
    await response.body?.cancel();
    address = new URL(location, address).href;
    if (!isAllowed(address)) throw new UserError("network", `${url}: leads to ${address}, which is not encrypted`);
  }
  throw new UserError("network", `${url}: leads from address to address without end`);
}

function checkResponse(job: Job, response: Response): void {
  const { status } = response;
  if (status === 416 || status === 429 || status >= 500) throw new Error(`the server answered ${status}`);
  if (status === 401 || status === 403) {
    throw new UserError("network", `${job.url}: the server refuses it (${status})`, {
      hint: "The file is not public: download it by hand and give its path.",
    });
  }
  if (!response.ok) {
    throw new UserError("network", `${job.url}: the server does not have it (${status})`, {
      hint: "Check the address for typing errors.",
    });
  }
  if (response.headers.get("content-type")?.startsWith("text/html")) throw webPage(job);
}

/** https everywhere, plain http only on this machine. */
export function isAllowed(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "https:" || (protocol === "http:" && ["127.0.0.1", "localhost", "[::1]"].includes(hostname));
}

function unreachable({ url, target, part }: Job, error: unknown): UserError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const arrived = sizeOf(part) ?? 0;
  const kept = arrived > 0 ? ` ${arrived} bytes have arrived and are kept; the next run goes on from there.` : "";
  const reason = error instanceof Error && error.name === "AbortError" ? "no answer" : messageOf(cause);
  return new UserError("network", `${url}: cannot be downloaded: ${reason}`, {
    hint: `Check the connection, or download the file by hand and give its path. In the cache it would be ${target}.${kept}`,
    cause: error,
  });
}

function webPage({ url, part }: Job): UserError {
  discard(part);
  return new UserError("bad-file", `${url}: is a web page, not a file`, {
    hint: "Use the address behind the download button. On Hugging Face it contains /resolve/, not /blob/.",
  });
}

function tooLarge({ url, maxBytes, part }: Job, bytes: number): UserError {
  discard(part);
  return new UserError("limit", `${url}: ${bytes} bytes are more than the limit of ${maxBytes}`);
}

function discard(part: string): void {
  for (const path of [part, `${part}.tag`]) rmSync(path, { force: true });
}

function looksLikePage(chunk: Uint8Array): boolean {
  return /^\s*<(!doctype|html|\?xml)/i.test(new TextDecoder().decode(chunk.subarray(0, 64)));
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest("hex");
}
