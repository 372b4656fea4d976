import { type Answer, serveThread } from "../thread.js";
import type { CodecReply, CodecRequest, CodecWork } from "./codec-threads.js";

type Work<Name extends keyof CodecWork> = (bytes: Uint8Array, options: CodecWork[Name]) => CodecReply;

/** Each codec is loaded when it is first asked for. */
const WORK: { readonly [Name in keyof CodecWork]: () => Promise<Work<Name>> } = {
  lerc: async () => (await import("./tiff/codecs/lerc-wasm.js")).openLerc(),
  "zstd-decompress": async () => (await (await import("./zstd-wasm.js")).openZstd()).decompress,
  "zstd-compress": async () => (await (await import("./zstd-wasm.js")).openZstd()).compress,
};

async function answer<Name extends keyof CodecWork>({ name, bytes, options }: CodecRequest<Name>): Promise<Answer<CodecReply>> {
  const work = await WORK[name]();
  const reply = work(bytes, options);
  return { result: reply, transfer: "bytes" in reply ? [reply.bytes.buffer] : [] };
}

await serveThread<CodecRequest, CodecReply>(async () => answer);
