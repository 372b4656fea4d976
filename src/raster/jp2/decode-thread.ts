import { UserError } from "../../errors.js";
import { type Answer, serveThread } from "../../thread.js";
import { type Decoded, decodeWithOpenJpeg, type Encoded, Undecodable } from "./openjpeg.js";

// A thread that decodes JPEG 2000: OpenJPEG may run for ever, and its memory never shrinks. It is started by decoders.ts.
await serveThread<Encoded, Decoded>(async () => async (encoded): Promise<Answer<Decoded>> => {
  try {
    const result = await decodeWithOpenJpeg(encoded);
    return { result, transfer: [result.buffer] };
  } catch (error) {
    // The caller names file and tile around it.
    if (error instanceof Undecodable) throw new UserError("bad-file", error.message);
    throw error;
  }
});
