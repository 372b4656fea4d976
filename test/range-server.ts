import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname } from "node:path";

const TYPES: Readonly<Record<string, string>> = { ".html": "text/html", ".js": "text/javascript" };

/** A part of a file that was asked for. */
export interface Served {
  readonly bytes: Uint8Array;
  readonly start: number;
  /** Behind the last byte. */
  readonly end: number;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Of how many requests this is the last. */
  readonly count: number;
}

export interface RangeServer {
  /** `http://127.0.0.1:1234`. */
  readonly address: string;
  /** The requests so far, as `start-end` without the end. */
  readonly ranges: string[];
  /** Paths that were asked for without a range, or are not there. */
  readonly others: string[];
  /** Bytes of files that were sent. */
  readonly sent: () => number;
  close(): Promise<void>;
}

/** What a good server sends. */
export function servePart({ bytes, start, end, response }: Served, headers: Record<string, string> = {}): void {
  const last = Math.min(end, bytes.length);
  response
    .writeHead(206, {
      "content-range": `bytes ${start}-${last - 1}/${bytes.length}`,
      "content-length": last - start,
      etag: '"v1"',
      ...headers,
    })
    .end(bytes.subarray(start, last));
}

/**
 * A server of files and of parts of them, on this machine.
 *
 * @param files by path: `/scene.tif`
 * @param serve answers a request for a part; the good answer by default
 */
export async function rangeServer(
  files: Readonly<Record<string, Uint8Array>>,
  serve: (served: Served) => void = servePart,
): Promise<RangeServer> {
  const ranges: string[] = [];
  const others: string[] = [];
  let sent = 0;
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "", "http://localhost");
    const bytes = files[pathname];
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
    if (bytes === undefined || range === null) {
      others.push(pathname);
      response
        .writeHead(bytes === undefined ? 404 : 200, { "content-type": TYPES[extname(pathname)] ?? "application/octet-stream" })
        .end(bytes);
      return;
    }
    const [start, end] = [Number(range[1]), Number(range[2]) + 1];
    ranges.push(`${start}-${end}`);
    sent += Math.min(end, bytes.length) - start;
    serve({ bytes, start, end, request, response, count: ranges.length });
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, // it listens on a port
    ranges,
    others,
    sent: () => sent,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}
