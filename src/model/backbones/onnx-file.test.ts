import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GraphBuilder, readModel, writeModel } from "../../onnx/index.js";
import { graphOf } from "../../onnx/model.js";
import { openSession } from "../../runtime/open.js";
import { float32, int64 } from "../../tensor.js";
import { inspectBackbone } from "../inspect.js";
import { openOnnxBackbone } from "./onnx-file.js";

const DATA = join(process.env.SIGMAX_DATA ?? "../shared/data", "onnx");
const BAD = join(process.env.SIGMAX_GOLDEN ?? "../shared/golden", "bad/onnx");
const networks = existsSync(DATA) ? readdirSync(DATA).filter((name) => name.endsWith(".onnx")) : [];
if (networks.length === 0) console.warn(`${DATA} is absent: real networks are not tested`);

const folder = mkdtempSync(join(tmpdir(), "sigmax-onnx-file-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const CONFIG = { size: 8, resample: 2, do_rescale: false, do_normalize: false };

/** A classifier of [N, 3, 8, 8] with the means of the channels as embedding. */
function classifier(batch: number | string = "N"): Uint8Array {
  const graph = new GraphBuilder();
  const image = graph.input("pixels", "float32", [batch, 3, 8, 8]);
  const means = graph.op("Flatten", [graph.op("GlobalAveragePool", [image], {}, "pool")], {}, "means");
  const weights = graph.constant(float32([3, 2], [1, 2, 3, 4, 5, 6]));
  graph.output(graph.op("Softmax", [graph.op("MatMul", [means, weights])], { axis: 1 }, "classes"));
  return writeModel(graph.build());
}

function save(name: string, bytes: Uint8Array, config?: object): string {
  const path = join(folder, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, bytes);
  if (config) writeFileSync(path.replace(/\.onnx$/, ".json"), JSON.stringify(config));
  return path;
}

const ramp = float32(
  [1, 3, 8, 8],
  Float32Array.from({ length: 192 }, (_, i) => i),
);

async function embed(model: Uint8Array): Promise<number[]> {
  const session = await openSession(model, { threads: 1 });
  const { embedding } = await session.run({ image: ramp });
  await session.close();
  return [...embedding.data].map(Number);
}

describe.each(networks)("%s", (name) => {
  it("becomes a backbone", async () => {
    const backbone = await openOnnxBackbone(join(DATA, name));
    const { widthPx, heightPx } = backbone.preprocess;
    expect(backbone.id).toBe(name);
    expect(backbone.sha256).toBe(createHash("sha256").update(backbone.model).digest("hex"));
    const session = await openSession(backbone.model, { threads: 1 });
    expect(session.inputs).toEqual([{ name: "image", dtype: "float32", shape: ["N", 3, heightPx, widthPx] }]);
    const { embedding } = await session.run({
      image: float32([2, 3, heightPx, widthPx], new Float32Array(6 * heightPx * widthPx).fill(90)),
    });
    expect(embedding.shape).toEqual([2, backbone.embeddingSize]);
    await session.close();
    expect((await openOnnxBackbone(join(DATA, name))).sha256).toBe(backbone.sha256);
  });

  it("is inspected without its preprocessing", async () => {
    const path = join(folder, name);
    copyFileSync(join(DATA, name), path);
    const report = await inspectBackbone(path, { durationMs: 50 });
    expect(report.bytes).toBe(readFileSync(path).length);
    expect(report.candidates[0].size).toBeGreaterThan(100);
    expect(report.parameters).toBeGreaterThan(100_000);
    expect(4 * report.parameters).toBeLessThan(report.bytes);
    expect(report.speed.imagesPerSecond).toBeGreaterThan(1);
  });
});

describe("openOnnxBackbone", () => {
  it("cuts a classifier before its last layer and reads the description beside it", async () => {
    const backbone = await openOnnxBackbone(save("a/net.onnx", classifier(), CONFIG));
    expect(backbone).toMatchObject({ id: "net.onnx", embeddingSize: 3, preprocess: { widthPx: 8, heightPx: 8, fit: "stretch" } });
    expect(await embed(backbone.model)).toEqual([31.5, 95.5, 159.5]);
    expect(graphOf(readModel(backbone.model)).node.map(({ opType }) => opType)).not.toContain("MatMul");
  });

  it.each(["b/onnx/preprocessor_config.json", "c/preprocessor_config.json"])("finds the description in %s", async (place) => {
    const path = save(`${place[0]}/onnx/net.onnx`, classifier());
    writeFileSync(join(folder, place), JSON.stringify({ ...CONFIG, do_flip_channel_order: true }));
    expect(await embed((await openOnnxBackbone(path)).model)).toEqual([159.5, 95.5, 31.5]);
  });

  it("takes everything by hand, and lists the ways when nothing is said", async () => {
    const path = save("d/net.onnx", classifier());
    await expect(openOnnxBackbone(path)).rejects.toMatchObject({
      code: "bad-model",
      message: expect.stringContaining(`${path}: nothing says`),
      hint: expect.stringMatching(/preprocessor_config\.json.*size, scale, mean and std/),
    });
    const input = { size: 8, scale: 2, mean: [1, 1, 1], std: [10, 10, 10] };
    const [red] = await embed((await openOnnxBackbone(path, { input })).model);
    expect(red).toBeCloseTo((31.5 * 2 - 1) / 10, 4);
  });

  it("cuts where it is told to, and names the candidates otherwise", async () => {
    const path = save("e/net.onnx", classifier(), CONFIG);
    expect((await openOnnxBackbone(path, { embedding: "classes" })).embeddingSize).toBe(2);
    await expect(openOnnxBackbone(path, { embedding: "mean" })).rejects.toMatchObject({
      message: expect.stringContaining('no tensor "mean"'),
      hint: expect.stringContaining('"means" [N, 3]'),
    });
  });

  it("frees a fixed batch", async () => {
    const backbone = await openOnnxBackbone(save("f/net.onnx", classifier(1), CONFIG));
    expect(backbone.embeddingSize).toBe(3);
  });

  it("refuses a batch that cannot be freed", async () => {
    const graph = new GraphBuilder();
    const image = graph.input("pixels", "float32", ["N", 3, 8, 8]);
    graph.output(graph.op("Reshape", [image, graph.constant(int64([2], [1, -1]))], {}, "features"));
    const path = save("g/net.onnx", writeModel(graph.build()), CONFIG);
    await expect(openOnnxBackbone(path)).rejects.toMatchObject({ code: "bad-model", hint: expect.stringContaining("batch") });
  });

  it("refuses a description that does not fit the network", async () => {
    const path = save("h/net.onnx", classifier(), { ...CONFIG, size: 16 });
    await expect(openOnnxBackbone(path)).rejects.toThrow("takes images [N, 3, 8, 8]; the preprocessing makes [N, 3, 16, 16]");
    const broken = save("i/net.onnx", classifier());
    writeFileSync(join(folder, "i/net.json"), "{ size: 8");
    await expect(openOnnxBackbone(broken)).rejects.toMatchObject({
      code: "bad-file",
      message: expect.stringContaining("net.json: not valid JSON"),
    });
  });

  it.skipIf(!existsSync(BAD)).each(["nan_weights", "int64_input", "bomb_expand", "truncated_0900", "external_devzero"])(
    "refuses the hostile %s",
    async (name) => {
      await expect(openOnnxBackbone(join(BAD, `${name}.onnx`))).rejects.toMatchObject({
        name: "UserError",
        message: expect.stringContaining(`${name}.onnx: `),
      });
    },
  );
});

describe("over the network", () => {
  const files: Record<string, Uint8Array | string> = {};
  const server = createServer((request, response) => {
    const body = files[request.url ?? ""];
    if (body === undefined) response.writeHead(404).end();
    else response.writeHead(200, { etag: '"1"' }).end(body);
  });
  let base = "";
  const cache = join(folder, "cache");
  const bytes = classifier();
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // a TCP server has this kind of address
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it("opens hf:<owner>/<name>/<path> with the description of the repository, later without the network", async () => {
    files["/owner/net/resolve/main/onnx/model.onnx"] = bytes;
    files["/owner/net/resolve/main/preprocessor_config.json"] = JSON.stringify(CONFIG);
    const reference = `hf:owner/net/onnx/model.onnx#sha256=${sha256}`;
    const backbone = await openOnnxBackbone(reference, { cache, hubEndpoint: base });
    expect(backbone).toMatchObject({ id: "hf:owner/net/onnx/model.onnx", embeddingSize: 3 });
    delete files["/owner/net/resolve/main/onnx/model.onnx"];
    delete files["/owner/net/resolve/main/preprocessor_config.json"];
    expect((await openOnnxBackbone(reference, { cache, hubEndpoint: base })).sha256).toBe(backbone.sha256);
  });

  it("opens an address with its description, and keeps secrets of the address out of the id", async () => {
    files["/nets/net.onnx?token=secret"] = bytes;
    files["/nets/net.json"] = JSON.stringify(CONFIG);
    const backbone = await openOnnxBackbone(`${base}/nets/net.onnx?token=secret`, { cache });
    expect(backbone.id).toBe(`${base}/nets/net.onnx`);
  });

  it.each([
    ["http://example.com/net.onnx", "usage", "over https only"],
    ["hf:owner/model.onnx", "usage", "not a file on Hugging Face"],
    ["hf:owner/net/../../x.onnx", "usage", "not a file on Hugging Face"],
    ["https://example.com/net.onnx#md5=1", "usage", "is not a checksum"],
    ["nowhere.onnx", "not-found", "nowhere.onnx: there is no such file"],
  ])("refuses %s", async (reference, code, message) => {
    await expect(openOnnxBackbone(reference, { cache })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });
});
