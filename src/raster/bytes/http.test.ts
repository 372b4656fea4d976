import { createServer } from "node:http";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type RangeServer, rangeServer, type Served, servePart } from "../../../test/range-server.js";
import type { ByteSource } from "./bytes.js";
import { type HttpOptions, httpBytes } from "./http.js";

const MIB = 2 ** 20;
const FILE = Buffer.alloc(
  20 * MIB,
  Uint8Array.from({ length: 251 }, (_, i) => i),
);
const FAST: HttpOptions = { timeoutMs: 150, retryDelayMs: 1 };

/** What the server does with the next requests; the good answer by default. */
let serve: (served: Served) => void;
let server: RangeServer;
const open: ByteSource[] = [];
beforeEach(async () => {
  serve = servePart;
  server = await rangeServer({ "/a/file.tif": FILE, "/empty.tif": new Uint8Array(0) }, (served) => serve(served));
});
afterEach(async () => {
  for (const source of open.splice(0)) await source.close();
  await server.close();
});

const address = () => `${server.address}/a/file.tif`;
async function opened(options: HttpOptions = FAST, at = address()): Promise<ByteSource> {
  const source = await httpBytes(at, options);
  open.push(source);
  return source;
}
const isPart = (bytes: Uint8Array, offset: number, length: number) =>
  Buffer.compare(bytes, FILE.subarray(offset, offset + length)) === 0;

/** Of the last request for a part of the file, in the words of the error. */
async function failure(work: Promise<unknown>): Promise<{ code: string; message: string; hint: string }> {
  const error = await work.then(
    () => undefined,
    (thrown) => thrown,
  );
  expect(error).toMatchObject({ name: "UserError" });
  return { code: error.code, message: error.message, hint: error.hint ?? "" };
}

describe("bytes behind an address", () => {
  it("are opened with one request, whose answer is kept", async () => {
    const source = await opened();
    expect([source.name, source.size, source.version]).toEqual([address(), FILE.length, `size=${FILE.length}; etag="v1"`]);
    for (const [offset, length] of [
      [0, 4],
      [16_000, 384],
      [FILE.length, 0],
    ]) {
      const bytes = await source.read(offset, length);
      expect(isPart(bytes, offset, length)).toBe(true);
      bytes.fill(0);
    }
    expect(isPart(await source.read(0, 4), 0, 4)).toBe(true);
    expect(server.ranges).toEqual(["0-16384"]);
  });

  it("are read by pages, large pieces in requests of at most 8 MiB", async () => {
    const source = await opened({});
    expect(isPart(await source.read(16_380, 10), 16_380, 10)).toBe(true);
    expect(isPart(await source.read(70_000, 10), 70_000, 10)).toBe(true);
    expect(isPart(await source.read(60_000, 10), 60_000, 10)).toBe(true);
    expect(server.ranges.slice(1)).toEqual(["0-65536", "65536-131072"]);
    expect(isPart(await source.read(MIB, 19 * MIB), MIB, 19 * MIB)).toBe(true);
    expect(server.ranges.slice(3)).toEqual([`${MIB}-${9 * MIB}`, `${9 * MIB}-${17 * MIB}`, `${17 * MIB}-${20 * MIB}`]);
  });

  it("that are wanted soon are fetched together where they lie together", async () => {
    const source = await opened();
    const pieces = [
      { offset: 100, length: 50 },
      { offset: 5 * MIB, length: 1000 },
      { offset: 5 * MIB + 30_000, length: 1000 },
      { offset: 9 * MIB, length: 10 },
    ];
    const ahead = source.ahead?.(pieces);
    for (const { offset, length } of pieces) {
      expect(isPart((await ahead?.read(offset, length)) ?? FILE, offset, length)).toBe(true);
    }
    expect(server.ranges.slice(1).sort()).toEqual([`${5 * MIB}-${5 * MIB + 31_000}`, `${9 * MIB}-${9 * MIB + 10}`]);
    expect(() => source.ahead?.([{ offset: FILE.length, length: 1 }])).toThrow(/cut off/);
  });

  it("are asked for by six requests at a time at the most", async () => {
    const source = await opened({});
    const held: Served[] = [];
    let [seen, most] = [0, 0];
    const answer = () => {
      for (const one of held.splice(0)) servePart(one);
    };
    serve = (served) => {
      seen++;
      most = Math.max(most, held.push(served));
      // Time for a seventh to come.
      if (held.length === 6 || seen === 19) setTimeout(answer, 20);
    };
    await Promise.all(Array.from({ length: 19 }, (_, i) => source.read(i * MIB + 70_000, 10)));
    expect(most).toBe(6);
    expect(server.ranges).toHaveLength(20);
  });

  it("beyond the end are refused without a request", async () => {
    const source = await opened();
    await expect(source.read(FILE.length - 1, 2)).rejects.toMatchObject({ code: "bad-file" });
    expect(server.ranges).toHaveLength(1);
  });

  it("of a file that is shorter than the first request are all there", async () => {
    const small = await rangeServer({ "/small": FILE.subarray(0, 100) });
    const source = await opened(FAST, `${small.address}/small`);
    expect(source.size).toBe(100);
    expect(isPart(await source.read(0, 100), 0, 100)).toBe(true);
    await small.close();
  });
});

/** Wrong from the first answer on: what the server does, the words of the error, and the requests it takes. */
const WRONG: Readonly<
  Record<string, { serve: (served: Served) => void; code: string; message: RegExp; hint: RegExp; tries: number }>
> = {
  "ignores ranges": {
    serve: ({ bytes, response }) => response.writeHead(200, { "content-length": bytes.length }).end(bytes),
    ...{ code: "network", message: /does not send parts of files \(200/, hint: /Download the file/, tries: 1 },
  },
  "has no such file": {
    serve: ({ response }) => response.writeHead(404).end("no"),
    ...{ code: "not-found", message: /does not have it \(404\)/, hint: /Check the address/, tries: 1 },
  },
  "refuses it": {
    serve: ({ response }) => response.writeHead(403).end("no"),
    ...{ code: "network", message: /refuses it \(403\)/, hint: /signature, or download/, tries: 1 },
  },
  "knows the file and no range of it": {
    serve: ({ response }) => response.writeHead(416).end(),
    ...{ code: "network", message: /answered 416/, hint: /Download the file/, tries: 1 },
  },
  "is out of order": {
    serve: ({ response }) => response.writeHead(503).end(),
    ...{ code: "network", message: /cannot be read: the server answered 503, 3 times/, hint: /try later/, tries: 3 },
  },
  "does not say which part it sends": {
    serve: ({ response }) => response.writeHead(206).end("abc"),
    ...{ code: "network", message: /which part it sends.*none/, hint: /Download the file/, tries: 1 },
  },
  "does not say of how many bytes": {
    serve: (served) => servePart(served, { "content-range": "bytes 0-16383/*" }),
    ...{ code: "network", message: /of how many bytes.*"bytes 0-16383\/\*"/, hint: /Download the file/, tries: 1 },
  },
  "says more bytes than there are numbers": {
    serve: (served) => servePart(served, { "content-range": `bytes 0-16383/${"9".repeat(30)}` }),
    ...{ code: "network", message: /of how many bytes/, hint: /Download the file/, tries: 1 },
  },
  "sends another part": {
    serve: (served) => servePart(served, { "content-range": `bytes 5-16388/${FILE.length}` }),
    ...{ code: "network", message: /sent bytes 5 to 16388 of \d+ for 0 to 16383/, hint: /Download the file/, tries: 1 },
  },
  "sends a part of a part": {
    serve: (served) => servePart({ ...served, end: served.end - 1 }),
    ...{ code: "network", message: /sent bytes 0 to 16382 of/, hint: /Download the file/, tries: 1 },
  },
  "sends more than it says": {
    serve: ({ bytes, response }) =>
      response.writeHead(206, { "content-range": `bytes 0-16383/${bytes.length}` }).end(bytes.subarray(0, 16_385)),
    ...{ code: "network", message: /sent more than the 16384 bytes/, hint: /Download the file/, tries: 1 },
  },
  "sends less than it says": {
    serve: ({ bytes, response }) =>
      response.writeHead(206, { "content-range": `bytes 0-16383/${bytes.length}` }).end(bytes.subarray(0, 16_383)),
    ...{ code: "network", message: /ended after 16383 of 16384 bytes, 3 times/, hint: /Check the connection/, tries: 3 },
  },
  "hangs up": {
    serve: ({ response }) => response.socket?.destroy(),
    ...{ code: "network", message: /cannot be read: .+, 3 times/, hint: /Check the connection/, tries: 3 },
  },
  "packs what it sends": {
    serve: (served) => {
      const packed = gzipSync(served.bytes.subarray(0, served.end));
      served.response.writeHead(206, { "content-range": `bytes 0-16383/${FILE.length}`, "content-encoding": "gzip" }).end(packed);
    },
    ...{ code: "network", message: /packs what it sends \(gzip\)/, hint: /Download the file/, tries: 1 },
  },
  "says nothing": {
    serve: () => {},
    ...{ code: "network", message: /nothing came for 0.15 s, 3 times/, hint: /Check the connection/, tries: 3 },
  },
  "stops in the middle": {
    serve: ({ bytes, response }) =>
      response.writeHead(206, { "content-range": `bytes 0-16383/${bytes.length}` }).write(bytes.subarray(0, 100)),
    ...{ code: "network", message: /nothing came for 0.15 s, 3 times/, hint: /Check the connection/, tries: 3 },
  },
  "sends drop by drop": {
    serve: ({ bytes, response }) => {
      response.writeHead(206, { "content-range": `bytes 0-16383/${bytes.length}` });
      const drip = setInterval(() => response.write(bytes.subarray(0, 1)), 20);
      response.on("close", () => clearInterval(drip));
    },
    ...{ code: "network", message: /only \d+ of 16384 bytes came in time, 3 times/, hint: /Check the connection/, tries: 3 },
  },
  "leads elsewhere for ever": {
    serve: ({ response }) => response.writeHead(302, { location: "/a/file.tif" }).end(),
    ...{ code: "network", message: /from address to address, more than 5 times/, hint: /Download the file/, tries: 6 },
  },
  "leads to a file of this machine": {
    serve: ({ response }) => response.writeHead(302, { location: "file:///etc/passwd" }).end(),
    ...{ code: "network", message: /leads to what is no address of http or https/, hint: /Download the file/, tries: 1 },
  },
};

describe("a server that", () => {
  it.each(Object.entries(WRONG))("%s, is said to", async (_, { serve: wrong, code, message, hint, tries }) => {
    serve = wrong;
    const error = await failure(httpBytes(`${address()}?key=secret`.replace("://", "://me:secret@"), FAST));
    expect(error).toMatchObject({ code, message: expect.stringMatching(message), hint: expect.stringMatching(hint) });
    expect(error.message).toMatch(new RegExp(`^${address()}: `));
    expect(JSON.stringify(error)).not.toContain("secret");
    expect(server.ranges).toHaveLength(tries);
  });

  it.each([
    ["has another ETag", (served: Served) => servePart(served, { etag: '"v2"' })],
    ["has no ETag any more", (served: Served) => servePart(served, { etag: "", "last-modified": "now" })],
    ["has another size", (served: Served) => servePart({ ...served, bytes: served.bytes.subarray(0, MIB) })],
    ["has no such range any more", ({ response }: Served) => response.writeHead(416, { "content-range": "bytes */9" }).end()],
  ])("%s while the file is read, is said to have changed it", async (_, wrong) => {
    const source = await opened();
    serve = wrong;
    const error = await failure(source.read(100_000, 10));
    expect(error).toMatchObject({ code: "io", message: expect.stringContaining("changed while it was read") });
    expect(server.ranges).toHaveLength(2);
  });

  it("fails twice and then answers, is taken at its answer", async () => {
    serve = (served) => (served.count < 3 ? served.response.writeHead(502).end() : servePart(served));
    expect((await opened()).size).toBe(FILE.length);
  });

  it("has no version of the file, is warned of; its time of change is one", async () => {
    const warnings: string[] = [];
    const onWarning = (message: string) => warnings.push(message);
    serve = (served) => servePart(served, { etag: "" });
    expect((await opened({ ...FAST, onWarning })).version).toBe(`size=${FILE.length}`);
    expect(warnings).toEqual([expect.stringContaining("does not tell versions of it apart")]);
    serve = (served) => servePart(served, { etag: "", "last-modified": "Mon, 02 Nov 2026 10:00:00 GMT" });
    expect((await opened({ ...FAST, onWarning })).version).toMatch(/last-modified=Mon/);
    expect(warnings).toHaveLength(1);
  });

  it("has an empty file, is said to", async () => {
    serve = ({ response }) => response.writeHead(416, { "content-range": "bytes */0" }).end();
    expect(await failure(httpBytes(`${server.address}/empty.tif`, FAST))).toMatchObject({ code: "bad-file" });
  });

  it("is not there, is said not to be", async () => {
    const gone = await rangeServer({});
    await gone.close();
    const error = await failure(httpBytes(`${gone.address}/file.tif`, { ...FAST, retries: 0 }));
    expect(error).toMatchObject({ code: "network", message: expect.stringContaining("ECONNREFUSED") });
  });
});

describe("an address that leads to another", () => {
  it("is asked once; where it led to is asked next, and it again when that is over", async () => {
    let asked = 0;
    const front = createServer((_, response) => {
      asked++;
      response.writeHead(307, { location: `${address()}?signature=${asked}` }).end();
    });
    await new Promise<void>((ready) => front.listen(0, "127.0.0.1", ready));
    const port = front.address();
    const from = `http://127.0.0.1:${typeof port === "object" ? port?.port : ""}/x.tif`;
    const seen: (string | undefined)[] = [];
    serve = (served) => {
      seen.push(served.request.url, served.request.headers.authorization);
      if (served.request.url?.endsWith("=1") && served.count > 2) served.response.writeHead(403).end();
      else servePart(served);
    };
    const source = await opened(FAST, from.replace("://", "://me:secret@"));
    await source.read(100_000, 10);
    expect(asked).toBe(1);
    await source.read(200_000, 10);
    expect(asked).toBe(2);
    expect(seen.filter((_, i) => i % 2 === 0).map((url) => url?.split("=")[1])).toEqual(["1", "1", "1", "2"]);
    // The password was for the first server.
    expect(seen.filter((_, i) => i % 2 === 1)).toEqual([undefined, undefined, undefined, undefined]);
    expect(source.name).toBe(from);
    front.closeAllConnections();
    front.close();
  });

  it("with user and password is asked with them", async () => {
    let sent: string | undefined;
    serve = (served) => {
      sent = served.request.headers.authorization;
      servePart(served);
    };
    await opened(FAST, address().replace("://", "://me:s%20t@"));
    expect(sent).toBe(`Basic ${Buffer.from("me:s t").toString("base64")}`);
  });
});

describe("a signal", () => {
  it("ends the opening, a read and a read ahead at once, without another try", async () => {
    const stop = new AbortController();
    const source = await opened({ signal: stop.signal });
    const reading = new AbortController();
    serve = () => {};
    const ahead = source.ahead?.([{ offset: MIB, length: 10 }], reading.signal);
    const [first, second] = [failure(ahead?.read(MIB, 10) ?? Promise.resolve()), failure(source.read(2 * MIB, 10))];
    while (server.ranges.length < 3) await new Promise((later) => setTimeout(later, 5));
    reading.abort();
    expect((await first).code).toBe("aborted");
    stop.abort();
    expect((await second).code).toBe("aborted");
    expect((await failure(httpBytes(address(), { signal: stop.signal }))).code).toBe("aborted");
    expect(server.ranges).toHaveLength(3);
  });

  it("is not needed to end what is under way when the source is closed", async () => {
    const source = await opened({});
    serve = () => {};
    const read = failure(source.read(MIB, 10));
    while (server.ranges.length < 2) await new Promise((later) => setTimeout(later, 5));
    await source.close();
    expect((await read).code).toBe("aborted");
  });
});
