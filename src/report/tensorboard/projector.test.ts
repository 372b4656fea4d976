import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { squareTile } from "../../raster/encode.js";
import { decodeRaster } from "../../raster/formats.js";
import type { Raster } from "../../raster/raster.js";
import { createSprite, type Projection, projectorConfig, writeProjector } from "./projector.js";

const folder = mkdtempSync(join(tmpdir(), "sigmax-projector-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const plain = (value: number, bands: string[] = ["red", "green", "blue"]): Raster => ({
  bands,
  widthPx: 3,
  heightPx: 5,
  dtype: "uint8",
  data: new Uint8Array(15 * bands.length).fill(value),
});
const HOSTILE = 'a\tb\n"c"\\\r\u2028\u202e\u0000é';

function projection(): Projection {
  const sprite = createSprite(3, 4);
  sprite.put(0, squareTile(plain(10), 4));
  sprite.put(2, squareTile(plain(30, ["grey"]), 4));
  return {
    name: HOSTILE,
    embeddings: Float32Array.of(0, 1.5, -0.00001234567, 123456, 1e-30, -2),
    size: 2,
    columns: ["file", "label"],
    rows: [
      [HOSTILE, "__proto__"],
      ["", ""],
      ["=1+1", "x"],
    ],
    sprite,
  };
}

describe("what the embedding projector reads", () => {
  it("is one line per point below the column names, whatever the names hold", async () => {
    await writeProjector(folder, projection());
    expect(readdirSync(folder).sort()).toEqual(["metadata.tsv", "projector_config.pbtxt", "sprite.png", "tensors.tsv"]);
    const lines = (name: string) => readFileSync(join(folder, name), "utf8").split("\n");
    expect(lines("tensors.tsv")).toEqual(["0\t1.5", "-0.00001235\t123500", "1e-30\t-2", ""]);
    const metadata = lines("metadata.tsv");
    expect(metadata.map((line) => line.split("\t").length)).toEqual([2, 2, 2, 2, 1]);
    expect(metadata[1]).toBe('a\ufffdb\ufffd"c"\\\ufffd\u2028\ufffd\ufffdé\t__proto__');
  });

  it("is a sprite whose pictures stand in rows, black where there is none", async () => {
    const { raster } = projection().sprite!;
    expect([raster.widthPx, raster.heightPx]).toEqual([8, 8]);
    const at = (x: number, y: number) => [0, 64, 128].map((band) => raster.data[band + y * 8 + x]);
    expect([at(0, 0), at(3, 3), at(4, 0), at(0, 4), at(3, 7), at(7, 7)]).toEqual([
      [10, 10, 10],
      [10, 10, 10],
      [0, 0, 0],
      [30, 30, 30],
      [30, 30, 30],
      [0, 0, 0],
    ]);
    const shown = await decodeRaster(readFileSync(join(folder, "sprite.png")), { file: "sprite.png" });
    expect(Array.from(shown.data)).toEqual(Array.from(raster.data));
  });

  it("is never larger than the projector can load", () => {
    expect(() => createSprite(205 ** 2, 40)).toThrow(RangeError);
    expect(() => createSprite(0, 40)).toThrow(RangeError);
    expect(createSprite(5000, 32).raster.widthPx).toBe(71 * 32);
  });

  it("is configured in protobuf's text format, strings escaped", () => {
    expect(projectorConfig(projection())).toBe(
      String.raw`embeddings {
  tensor_name: "a\011b\012\042c\042\134\015\342\200\250\342\200\256\000\303\251"
  tensor_path: "tensors.tsv"
  metadata_path: "metadata.tsv"
  tensor_shape: 3
  tensor_shape: 2
  sprite {
    image_path: "sprite.png"
    single_image_dim: 4
    single_image_dim: 4
  }
}
`,
    );
    expect(projectorConfig({ ...projection(), sprite: undefined })).not.toContain("sprite");
  });

  it("is what TensorBoard itself makes of it", (context) => {
    if (spawnSync("python3", ["-c", "import tensorboard"]).status !== 0) {
      console.warn("skipped: TensorBoard is not installed for python3");
      context.skip();
    }
    const script = `
import sys, json
from google.protobuf import text_format
from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig
from tensorboard.plugins.projector.projector_plugin import _read_tensor_tsv_file
[e] = text_format.Parse(open(sys.argv[1] + '/projector_config.pbtxt').read(), ProjectorConfig()).embeddings
json.dump([e.tensor_name, list(e.tensor_shape), list(e.sprite.single_image_dim),
  _read_tensor_tsv_file(sys.argv[1] + '/' + e.tensor_path).tolist()], sys.stdout)`;
    const { stdout, stderr } = spawnSync("python3", ["-c", script, folder], { encoding: "utf8" });
    expect(stdout, stderr).not.toBe("");
    const [name, shape, dim, tensor] = JSON.parse(stdout);
    expect([name, shape, dim]).toEqual([HOSTILE, [3, 2], [4, 4]]);
    const rounded = [0, 1.5, -0.00001235, 123500, 1e-30, -2].map(Math.fround);
    expect(tensor.flat().map(Math.fround)).toEqual(rounded);
  });
});
