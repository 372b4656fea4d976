import { join } from "node:path";
import { writeFileAtomic } from "../../files.js";
import { printable } from "../../printable.js";
import { RGB } from "../../raster/bands.js";
import { encodePng } from "../../raster/encode.js";
import type { Raster } from "../../raster/raster.js";

/** Points for the embedding projector: one per image. */
export interface Projection {
  /** What the projector calls them. */
  readonly name: string;
  /** `[n, D]`, finite. */
  readonly embeddings: Float32Array;
  /** D. */
  readonly size: number;
  /** At least two: the projector takes a single column to have no header. */
  readonly columns: readonly string[];
  /** `[n]`: the cells of each point. */
  readonly rows: readonly (readonly string[])[];
  /** The pictures of the points, where there are any. */
  readonly sprite?: Sprite | undefined;
}

/** Small pictures side by side in one image, row by row; places without a picture are black. */
export interface Sprite {
  /** Width and height of one picture. */
  readonly px: number;
  readonly raster: Raster;
  /** Puts an 8-bit red, green and blue picture of that size in its place. */
  put(index: number, tile: Raster): void;
}

const FILES = {
  config: "projector_config.pbtxt",
  tensor: "tensors.tsv",
  metadata: "metadata.tsv",
  sprite: "sprite.png",
} as const;
/** What the projector can load. */
const MAX_SPRITE_PX = 8192;
/** Enough for a picture of points, and less than the bytes of all that float32 holds. */
const DIGITS = 4;

/**
 * Writes what TensorBoard's projector reads from the folder of a run: the same bytes for the same points.
 *
 * @throws UserError `io` if the disk refuses
 */
export async function writeProjector(folder: string, projection: Projection): Promise<void> {
  const { embeddings, size, columns, rows, sprite } = projection;
  const write = (name: string, content: string | Uint8Array) => writeFileAtomic(join(folder, name), content);
  write(FILES.tensor, tensorTsv(embeddings, size));
  write(FILES.metadata, [columns, ...rows].map((cells) => `${cells.map(printable).join("\t")}\n`).join(""));
  if (sprite !== undefined) write(FILES.sprite, await encodePng(sprite.raster));
  write(FILES.config, projectorConfig(projection));
}

/**
 * An empty sprite for n pictures, as near to a square as rows allow: the projector finds a picture by its number.
 *
 * @throws RangeError when it would be larger than 8192 pixels
 */
export function createSprite(count: number, px: number): Sprite {
  const across = Math.ceil(Math.sqrt(count));
  const [widthPx, heightPx] = [across * px, Math.ceil(count / across) * px];
  if (!(count > 0) || widthPx > MAX_SPRITE_PX) throw new RangeError(`no sprite of ${count} pictures of ${px} pixels`);
  const data = new Uint8Array(RGB.length * widthPx * heightPx);
  return {
    px,
    raster: { bands: RGB, widthPx, heightPx, dtype: "uint8", data },
    put(index, tile) {
      const corner = Math.floor(index / across) * px * widthPx + (index % across) * px;
      for (let line = 0; line < RGB.length * px; line++) {
        const band = Math.floor(line / px);
        const from = tile.data.subarray(line * px, (line + 1) * px);
        data.set(from, band * widthPx * heightPx + corner + (line % px) * widthPx);
      }
    },
  };
}

/** The projector's configuration in protobuf's text format. */
export function projectorConfig({ name, rows, size, sprite }: Projection): string {
  const picture =
    sprite === undefined
      ? []
      : [
          "  sprite {",
          `    image_path: ${textOf(FILES.sprite)}`,
          `    single_image_dim: ${sprite.px}`,
          `    single_image_dim: ${sprite.px}`,
          "  }",
        ];
  return [
    "embeddings {",
    `  tensor_name: ${textOf(name)}`,
    `  tensor_path: ${textOf(FILES.tensor)}`,
    `  metadata_path: ${textOf(FILES.metadata)}`,
    `  tensor_shape: ${rows.length}`,
    `  tensor_shape: ${size}`,
    ...picture,
    "}",
    "",
  ].join("\n");
}

/** A string of protobuf's text format: every byte but plain ASCII as three octal digits. */
function textOf(text: string): string {
  const characters = Array.from(Buffer.from(text), (byte) =>
    byte < 0x20 || byte > 0x7e || byte === 0x22 || byte === 0x5c
      ? `\\${byte.toString(8).padStart(3, "0")}`
      : String.fromCharCode(byte),
  );
  return `"${characters.join("")}"`;
}

function tensorTsv(embeddings: Float32Array, size: number): string {
  const lines: string[] = [];
  for (let from = 0; from < embeddings.length; from += size) {
    const cells = Array.from(embeddings.subarray(from, from + size), (value) => String(Number(value.toPrecision(DIGITS))));
    lines.push(`${cells.join("\t")}\n`);
  }
  return lines.join("");
}
