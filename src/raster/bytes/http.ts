import { limited } from "../../concurrency.js";
import { parseAddress } from "./address.js";
import { type BytePiece, type ByteSource, checkWithin } from "./bytes.js";
import { joinedReads, MOST_JOINED_BYTES } from "./joined.js";
import { pagedReads } from "./pages.js";
import { type RemoteFile, type RemoteVersion, requestRange } from "./range-request.js";

export interface HttpOptions {
  /** Ends everything that is read, as long as the source is open. */
  readonly signal?: AbortSignal | undefined;
  readonly onWarning?: ((message: string) => void) | undefined;
  /** Without a byte for this long a request has failed. Default 30 s. */
  readonly timeoutMs?: number | undefined;
  /** Of requests that failed on the way. Default 2. */
  readonly retries?: number | undefined;
  /** Before the first retry; twice as long before each further one. Default 300 ms. */
  readonly retryDelayMs?: number | undefined;
}

/** Holds the directories of most files. */
const HEAD_BYTES = 2 ** 14;
/** Larger pieces are not kept: they are pixels. */
const MOST_PAGED_BYTES = 2 ** 20;
const MOST_REQUESTS = 6;

/**
 * A file behind an address of http or https, read by requests of ranges (RFC 9110 §14). The server must know them; what it sends must
 * be of one version of the file, and what was asked for. Only addresses that the user gave are asked, and where their servers lead.
 *
 * @throws UserError `usage` for another kind of address, `network` where the server does not do its part, `not-found`, `bad-file` for
 *   an empty file, `aborted`; from `read` also `io` where the file is another than at the beginning
 */
export async function httpBytes(address: string | URL, options: HttpOptions = {}): Promise<ByteSource> {
  const { timeoutMs = 30_000, retries = 2, retryDelayMs = 300, onWarning } = options;
  const parsed = parseAddress(address);
  const { name } = parsed;
  const file: RemoteFile = { ...parsed, timeoutMs, retries, retryDelayMs, route: parsed.url };
  const closed = new AbortController();
  const signal = anyOf(closed.signal, options.signal);

  const { bytes: head, version } = await requestRange(file, { offset: 0, length: HEAD_BYTES }, undefined, signal);
  const { size } = version;
  if (version.tag === undefined) {
    onWarning?.(`${name}: the server does not tell versions of it apart; a change while it is read may go unnoticed`);
  }
  const inTurn = limited(MOST_REQUESTS);
  const ask = (piece: BytePiece, asked: AbortSignal) =>
    inTurn(async () => (await requestRange(file, piece, version, asked)).bytes);
  const fetchBytes = async ({ offset, length }: BytePiece, asked = signal) => {
    if (length <= MOST_JOINED_BYTES) return ask({ offset, length }, asked);
    const bytes = new Uint8Array(length);
    const parts = Array.from({ length: Math.ceil(length / MOST_JOINED_BYTES) }, (_, i) => i * MOST_JOINED_BYTES);
    const fetchPart = async (start: number) => {
      bytes.set(await ask({ offset: offset + start, length: Math.min(MOST_JOINED_BYTES, length - start) }, asked), start);
    };
    await Promise.all(parts.map(fetchPart));
    return bytes;
  };
  const paged = pagedReads(size, (piece) => fetchBytes(piece));

  const read = async (offset: number, length: number) => {
    checkWithin({ name, size }, offset, length);
    if (length === 0) return new Uint8Array(0);
    if (offset + length <= head.length) return head.slice(offset, offset + length);
    return length > MOST_PAGED_BYTES ? fetchBytes({ offset, length }) : paged({ offset, length });
  };
  return {
    name,
    size,
    version: versionText(version),
    read,
    ahead(pieces, readSignal) {
      for (const { offset, length } of pieces) checkWithin({ name, size }, offset, length);
      const asked = anyOf(signal, readSignal);
      const joined = joinedReads(
        pieces.filter(({ offset, length }) => offset + length > head.length),
        (piece) => fetchBytes(piece, asked),
        ({ offset, length }) => read(offset, length),
      );
      return { read: (offset, length) => joined({ offset, length }) };
    },
    async close() {
      closed.abort();
    },
  };
}

function anyOf(signal: AbortSignal, other: AbortSignal | undefined): AbortSignal {
  return other === undefined ? signal : AbortSignal.any([signal, other]);
}

/** `size=1234; etag="5d41402a"`. */
function versionText({ size, tag }: RemoteVersion): string {
  return tag === undefined ? `size=${size}` : `size=${size}; ${tag.name}=${tag.text}`;
}
