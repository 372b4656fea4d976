import { MessageChannel } from "node:worker_threads";

/** A closed port takes what is transferred to it and lets go of it at once. */
const { port1: sink } = new MessageChannel();
sink.close();

/** Of less, the garbage collector may take care. */
const LEAST_BYTES = 2 ** 18;

/**
 * Frees the memory of an array that nobody uses any more. The garbage collector comes late to memory outside its heap: blocks that were
 * decoded would pile up to half the size of a window.
 */
export function release({ buffer, byteLength }: ArrayBufferView): void {
  // What is a part of something larger belongs to others too.
  if (byteLength < LEAST_BYTES || buffer.byteLength > 1.25 * byteLength || !(buffer instanceof ArrayBuffer)) return;
  sink.postMessage(undefined, [buffer]);
}
