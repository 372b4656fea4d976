import { join } from "node:path";
import { readWholeFile } from "../../files.js";
import type { ChangeReportData } from "../change-data.js";

/** Pictures of a report by the names that its data call them. */
export type ChangePictures = ReadonlyMap<string, Uint8Array>;

const MAX_BYTES = 2 ** 26;
const FOLDER = "pictures";

/** Names of all pictures that the page shows. */
export function pictureNames({ dates, changePicture }: ChangeReportData): readonly string[] {
  return [...dates.map(({ picture }) => picture), changePicture];
}

/** Reads the pictures that stand beside a `change.json`. @throws UserError `not-found`, `bad-file`, `limit` */
export function readChangePictures(folder: string, data: ChangeReportData): ChangePictures {
  const names = pictureNames(data);
  return new Map(names.map((name) => [name, readWholeFile(join(folder, FOLDER, name), { maxBytes: MAX_BYTES })]));
}

const SIGNATURES: readonly { readonly type: string; readonly starts: readonly number[] }[] = [
  { type: "png", starts: [0x89, 0x50, 0x4e, 0x47] },
  { type: "jpeg", starts: [0xff, 0xd8, 0xff] },
];

/** A picture as a `data:` URI. @throws RangeError if it is not there, or neither PNG nor JPEG */
export function pictureUri(pictures: ChangePictures, name: string): string {
  const bytes = pictures.get(name);
  if (bytes === undefined) throw new RangeError(`the picture ${name} is missing`);
  const found = SIGNATURES.find(({ starts }) => starts.every((byte, i) => bytes[i] === byte));
  if (found === undefined) throw new RangeError(`${name} is neither a PNG nor a JPEG`);
  return `data:image/${found.type};base64,${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64")}`;
}
