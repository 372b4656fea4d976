import { type Answer, serveThread } from "../../thread.js";
import type { DecodeReply } from "./decoders.js";
import { decodeWithOpenJpeg, type Encoded, Undecodable } from "./openjpeg.js";

// A thread that decodes JPEG 2000; it is started by decoders.ts.
await serveThread<Encoded, DecodeReply>(async () => async (encoded): Promise<Answer<DecodeReply>> => {
  try {
    const decoded = await decodeWithOpenJpeg(encoded);
    return { result: { decoded }, transfer: [decoded.buffer] };
  } catch (error) {
    if (error instanceof Undecodable) return { result: { damage: error.message } };
    throw error;
  }
});
