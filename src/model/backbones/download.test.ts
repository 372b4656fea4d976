import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { createRandom } from "../../random.js";
import { cachePath, download } from "./download.js";

const random = createRandom(3);
const content = Uint8Array.from({ length: 300_000 }, () => random.int(256));
const sha256 = createHash("sha256").update(content).digest("hex");

/** What the server does next, by path; and what it was asked. */
let routes: Record<string, (request: IncomingMessage, response: ServerResponse) => void> = {};
let requests: { url: string; range: string | undefined }[] = [];
const server = createServer((request, response) => {
  requests.push({ url: request.url ?? "", range: request.headers.range });
  const route = routes[request.url ?? ""];
  if (route) route(request, response);
  else response.writeHead(404, { "content-type": "text/html" }).end("<html>nothing here</html>");
});
let base = "";
let folder = "";

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // a TCP server has this kind of address
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  routes = {};
  requests = [];
  folder = mkdtempSync(join(tmpdir(), "sigmax-download-"));
  return () => rmSync(folder, { recursive: true, force: true });
});

/** Serves the content as a server should, ranges included. */
function whole(request: IncomingMessage, response: ServerResponse, etag = '"v1"'): void {
  const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
  const same = request.headers["if-range"] === undefined || request.headers["if-range"] === etag;
  if (start === 0 || !same) {
    response.writeHead(200, { "content-length": content.length, etag }).end(content);
    return;
  }
  const range = `bytes ${start}-${content.length - 1}/${content.length}`;
  response
    .writeHead(206, { "content-length": content.length - start, "content-range": range, etag })
    .end(content.subarray(start));
}

/** Sends a part and cuts the connection. */
function cutAfter(bytes: number, etag = '"v1"') {
  return (_: IncomingMessage, response: ServerResponse) => {
    response.writeHead(200, { "content-length": content.length, etag });
    response.write(content.subarray(0, bytes), () => setTimeout(() => response.destroy(), 50));
  };
}

it("downloads once, then answers from the cache", async () => {
  routes["/net.onnx"] = whole;
  const seen: number[] = [];
  const path = await download(`${base}/net.onnx`, { folder, sha256, onProgress: ({ done }) => seen.push(done) });
  expect(readFileSync(path).equals(content)).toBe(true);
  expect(seen.at(-1)).toBe(content.length);
  expect(await download(`${base}/net.onnx`, { folder, sha256 })).toBe(path);
  expect(requests).toHaveLength(1);
  expect(readdirSync(dirname(path)).sort()).toEqual(["net.onnx", "net.onnx.sha256"]);
});

it("goes on where a cut connection ended, within one call", async () => {
  routes["/net.onnx"] = (request, response) =>
    requests.length === 1 ? cutAfter(100_000)(request, response) : whole(request, response);
  const path = await download(`${base}/net.onnx`, { folder });
  expect(readFileSync(path).equals(content)).toBe(true);
  expect(requests.map(({ range }) => range)).toEqual([undefined, "bytes=100000-"]);
});

it("goes on in the next call, and says what is kept", async () => {
  routes["/net.onnx"] = cutAfter(120_000);
  await expect(download(`${base}/net.onnx`, { folder, retries: 0 })).rejects.toMatchObject({
    code: "network",
    message: expect.stringContaining(`${base}/net.onnx: cannot be downloaded`),
    hint: expect.stringMatching(/120000 bytes have arrived and are kept/),
  });
  expect(existsSync(cachePath(`${base}/net.onnx`, folder))).toBe(false);
  routes["/net.onnx"] = whole;
  const path = await download(`${base}/net.onnx`, { folder, sha256 });
  expect(readFileSync(path).equals(content)).toBe(true);
  expect(requests.at(-1)?.range).toBe("bytes=120000-");
});

it("starts over when the file on the server has changed meanwhile", async () => {
  routes["/net.onnx"] = cutAfter(1000, '"v0"');
  await expect(download(`${base}/net.onnx`, { folder, retries: 0 })).rejects.toThrow();
  routes["/net.onnx"] = whole;
  expect(readFileSync(await download(`${base}/net.onnx`, { folder })).equals(content)).toBe(true);
});

it("refuses a wrong checksum and keeps nothing", async () => {
  routes["/net.onnx"] = whole;
  await expect(download(`${base}/net.onnx`, { folder, sha256: "0".repeat(64) })).rejects.toMatchObject({
    code: "bad-file",
    message: expect.stringMatching(/checksum is wrong: sha256 [0-9a-f]{64}, expected 0{64}/),
  });
  expect(readdirSync(dirname(cachePath(`${base}/net.onnx`, folder)))).toEqual([]);
});

it("replaces a damaged file in the cache, and says so", async () => {
  routes["/net.onnx"] = whole;
  const path = await download(`${base}/net.onnx`, { folder });
  writeFileSync(path, content.subarray(1));
  const warnings: string[] = [];
  await download(`${base}/net.onnx`, { folder, onWarning: (message) => warnings.push(message) });
  expect(readFileSync(path).equals(content)).toBe(true);
  expect(warnings).toEqual([expect.stringContaining("another checksum")]);
});

it.each([
  ["is not there", (_: IncomingMessage, r: ServerResponse) => r.writeHead(404).end(), "network", "does not have it (404)"],
  ["is private", (_: IncomingMessage, r: ServerResponse) => r.writeHead(403).end(), "network", "refuses it (403)"],
  [
    "is a page",
    (_: IncomingMessage, r: ServerResponse) => r.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end("<p>hello"),
    "bad-file",
    "is a web page",
  ],
  [
    "is a page in disguise",
    (_: IncomingMessage, r: ServerResponse) => r.writeHead(200).end("\n<!DOCTYPE html><html>"),
    "bad-file",
    "is a web page",
  ],
  ["is empty", (_: IncomingMessage, r: ServerResponse) => r.writeHead(200).end(), "bad-file", "empty file"],
  [
    "says it is huge",
    (_: IncomingMessage, r: ServerResponse) => r.writeHead(200, { "content-length": 2 ** 40 }).write("x"),
    "limit",
    "more than the limit",
  ],
  [
    "sends more than it may",
    (_: IncomingMessage, r: ServerResponse) => r.writeHead(200).end(content),
    "limit",
    "more than the limit",
  ],
  ["fails", (_: IncomingMessage, r: ServerResponse) => r.writeHead(503).end(), "network", "answered 503"],
  ["never answers", () => {}, "network", "no answer"],
  [
    "leads round in circles",
    (_: IncomingMessage, r: ServerResponse) => r.writeHead(302, { location: "/net.onnx" }).end(),
    "network",
    "without end",
  ],
  [
    "leads to an open connection",
    (_: IncomingMessage, r: ServerResponse) => r.writeHead(302, { location: "http://example.com/net.onnx" }).end(),
    "network",
    "leads to http://example.com/net.onnx, which is not encrypted",
  ],
])("explains a file that %s", async (_, route, code, message) => {
  routes["/net.onnx"] = route;
  const options = { folder, retries: 0, timeoutMs: 500, maxBytes: 200_000 };
  await expect(download(`${base}/net.onnx`, options)).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
  expect(existsSync(cachePath(`${base}/net.onnx`, folder))).toBe(false);
});

it("follows a redirect, as Hugging Face answers with", async () => {
  routes["/net.onnx"] = (_, response) => response.writeHead(307, { location: "/blobs/1" }).end();
  routes["/blobs/1"] = whole;
  expect(readFileSync(await download(`${base}/net.onnx`, { folder, sha256 })).equals(content)).toBe(true);
});

it("says offline what was wanted and where it would go", async () => {
  const url = "http://127.0.0.1:9/net.onnx";
  await expect(download(url, { folder, retries: 0 })).rejects.toMatchObject({
    code: "network",
    message: expect.stringContaining(url),
    hint: expect.stringContaining(cachePath(url, folder)),
  });
});

it("stops when it is told to, and keeps what has arrived", async () => {
  routes["/net.onnx"] = (_, response) => {
    response.writeHead(200, { "content-length": content.length, etag: '"v1"' });
    response.write(content.subarray(0, 5000));
  };
  const controller = new AbortController();
  const running = download(`${base}/net.onnx`, { folder, signal: controller.signal, onProgress: () => controller.abort() });
  await expect(running).rejects.toMatchObject({ code: "aborted" });
  routes["/net.onnx"] = whole;
  await download(`${base}/net.onnx`, { folder, sha256 });
  expect(requests.at(-1)?.range).toBe("bytes=5000-");
});
