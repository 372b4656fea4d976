/** A file that is met where numbers should be, refused by its name. */
export interface ForeignArrays {
  /** Completes "this is …". */
  readonly what: string;
  readonly hint: string;
  readonly sniff: (bytes: Uint8Array) => boolean;
}

const SAFE = "Load it where it comes from and save the arrays as .safetensors or .npy.";
const MAX_TEXT_BYTES = 512;

/** Nothing that can run code is ever opened. */
export const FOREIGN_ARRAYS: readonly ForeignArrays[] = [
  {
    what: "a zip archive (a PyTorch .pt or .pth file, or a NumPy .npz); PyTorch files hold pickle, which can run code",
    hint: SAFE,
    sniff: (bytes) => textOf(bytes).startsWith("PK"),
  },
  { what: "a pickle, which can run code", hint: SAFE, sniff: isPickle },
  { what: "an HDF5 file, as Keras writes", hint: SAFE, sniff: (bytes) => textOf(bytes).startsWith("\x89HDF") },
  { what: "a GGUF file", hint: SAFE, sniff: (bytes) => textOf(bytes).startsWith("GGUF") },
  {
    what: "a Git LFS pointer; the file itself was not fetched",
    hint: "Run `git lfs pull` in its repository.",
    sniff: (bytes) => textOf(bytes).startsWith("version https://git-lfs.github.com/spec/"),
  },
  {
    what: "a web page, probably the error page of a failed download",
    hint: "Fetch the file again.",
    sniff: (bytes) => /^\s*<(!doctype html|html|head|body)\b/i.test(textOf(bytes)),
  },
];

/** Protocols 2 and later begin with PROTO and their number; the older ones are text: an opcode, names on lines, a full stop. */
function isPickle(bytes: Uint8Array): boolean {
  if (bytes[0] === 0x80 && bytes[1] >= 2 && bytes[1] <= 5) return true;
  return bytes[bytes.length - 1] === 0x2e && /^([ci][\w.]+\n[\w.]+\n|[(\]}][\w(\]}])/.test(textOf(bytes));
}

function textOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, MAX_TEXT_BYTES));
}
