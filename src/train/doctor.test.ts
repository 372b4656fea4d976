import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp, { type Sharp } from "sharp";
import { afterAll, describe, expect, it } from "vitest";
import type { Sample } from "../data/dataset.js";
import { listImages, openDataset } from "../data/open.js";
import { openBackbone } from "../model/backbones.js";
import { contactSheet } from "../raster/contact-sheet.js";
import type { Raster } from "../raster/raster.js";
import { encodeGeoTiff } from "../raster/write/tiff.js";
import { examineImages } from "./doctor.js";
import { readSpread } from "./embeddings.js";
import { openInspectedBackbone } from "./inspected-backbone.js";

const folder = mkdtempSync(join(tmpdir(), "sigmax-doctor-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Encode = (image: Sharp) => Sharp;
const png: Encode = (image) => image.png();

/** Writes one image of `pixel` values and gives its sample. */
async function save(
  file: string,
  pixel: (i: number, channel: number) => number,
  {
    channels = 3,
    widthPx = 16,
    heightPx = 16,
    deep = false,
    encode = png,
    labels = [1, 0],
  }: {
    readonly channels?: 1 | 3 | 4;
    readonly widthPx?: number;
    readonly heightPx?: number;
    readonly deep?: boolean;
    readonly encode?: Encode;
    readonly labels?: readonly number[];
  } = {},
): Promise<Sample> {
  const values = Array.from({ length: widthPx * heightPx * channels }, (_, i) => pixel(Math.floor(i / channels), i % channels));
  const data = deep ? Uint16Array.from(values) : Uint8Array.from(values);
  const image = sharp(data, { raw: { width: widthPx, height: heightPx, channels } });
  const path = join(folder, file);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, await encode(deep ? image.toColourspace(channels === 1 ? "grey16" : "rgb16") : image).toBuffer());
  return { file, path, labels: Int8Array.from(labels) };
}

const classes = ["a", "b"];
const stats = (samples: readonly Sample[]) =>
  openBackbone("stats", { seed: 1, trainingImages: (limit) => readSpread(samples, limit) });
const ramp = (i: number, channel: number) => (i + channel * 20) % 256;

describe("examineImages", () => {
  it("measures hand-made images exactly, before and after", async () => {
    const half = await save("half.png", (i, channel) => (i < 128 ? 0 : 60 * (channel + 1)));
    const full = await save("full.png", (i) => (i < 64 ? 255 : 100));
    const backbone = await stats([half, full]);
    const { values, facts, preprocessing, findings } = await examineImages([half, full], { classes, backbone });
    expect(facts).toHaveLength(2);
    // red of the first: 128 × 0, 128 × 60; of the second: 64 × 255, 192 × 100
    const mean = (128 * 60 + 64 * 255 + 192 * 100) / 512;
    const squares = (128 * 3600 + 64 * 65_025 + 192 * 10_000) / 512;
    expect(values.map(({ band, dtype, images }) => [band, dtype, images])).toEqual(
      ["red", "green", "blue"].map((band) => [band, "uint8", 2]),
    );
    expect(values[0]).toMatchObject({ lowest: 0, highest: 255, zeros: 128, saturated: 64, count: 512 });
    expect(values[0].mean).toBeCloseTo(mean, 9);
    expect(values[0].deviation).toBeCloseTo(Math.sqrt(squares - mean ** 2), 9);
    expect(values[0].quantiles).toEqual([0, 45, 80, 100, 255]);
    expect(values[0].histogram.shares[0]).toBe(0.25);
    expect(preprocessing?.steps).toEqual(["16×16 PNG", "stretched to 128×128 (bilinear, antialiased, enlarged 8.0×)", "stats"]);
    expect(preprocessing?.values[0].mean).toBeCloseTo(mean, 0);
    expect(findings.map(({ kind }) => kind)).toEqual(["grey-among-colour"]); // the second is grey
  });

  it("gives the network's channels in its order and behind its normalisation", async () => {
    const network = join(process.env.SIGMAX_DATA ?? "../shared/data", "onnx/squeezenet11_features.onnx");
    if (!existsSync(network)) return console.warn(`SKIPPED: ${network} is absent`);
    const image = await save("flat.png", (i, channel) => [50, 100, 150][channel] + (i % 2) * 20, { widthPx: 227, heightPx: 227 });
    const backbone = await openBackbone(network, { seed: 1, trainingImages: () => readSpread([], 0) });
    const { preprocessing } = await examineImages([image], { classes, backbone });
    expect(preprocessing?.values.map(({ band }) => band)).toEqual(["blue", "green", "red"]);
    const means = [104, 117, 123];
    [160, 110, 60].forEach((value, k) => {
      expect(Math.abs(preprocessing!.values[k].mean - (value - means[k]))).toBeLessThan(0.1);
    });
  });

  it("finds what only the files tell: transparency, orientation, bits, formats", async () => {
    const samples = await Promise.all([
      save("a.png", ramp),
      save("b.png", ramp),
      save("clear.png", (i, channel) => (channel === 3 ? (i < 128 ? 0 : 255) : ramp(i, channel)), { channels: 4 }),
      save("opaque.png", (i, channel) => (channel === 3 ? 255 : ramp(i, channel)), { channels: 4 }),
      save("turned.jpg", ramp, { encode: (image) => image.withMetadata({ orientation: 6 }).jpeg(), widthPx: 24 }),
      save("deep.png", (i) => i * 10, { deep: true, channels: 1 }),
      save("nir.tif", (i, channel) => (channel === 3 ? 20 + (i % 200) : ramp(i, channel)), {
        channels: 4,
        encode: (image) => image.tiff({ compression: "lzw" }),
      }),
      save("one.png", () => 77),
    ]);
    const { findings, facts, values } = await examineImages(samples, { classes });
    const filesOf = (kind: string) => findings.find((finding) => finding.kind === kind)?.files?.flat();
    expect(filesOf("alpha-dropped")).toEqual(["clear.png"]);
    expect(filesOf("measurement-as-alpha")).toEqual(["nir.tif"]);
    expect(filesOf("turned")).toEqual(["turned.jpg"]);
    expect(facts[4]).toMatchObject({ orientation: 6, widthPx: 16, heightPx: 24, format: "JPEG" });
    expect(filesOf("narrow-range")).toEqual(["deep.png"]);
    expect(filesOf("mixed-dtypes")).toEqual(["deep.png"]);
    expect(filesOf("mixed-formats")).toEqual(["turned.jpg", "nir.tif"]);
    expect(filesOf("constant")).toEqual(["one.png"]);
    expect(values.map(({ dtype, band }) => `${dtype} ${band}`)).toContain("uint16 grey");
  });

  it("takes a second or third band of a TIFF for a measurement where the file does not call it alpha", async () => {
    const chip = async (name: string, bands: readonly string[]) => {
      const data = Uint8Array.from({ length: 256 * bands.length }, (_, i) => 20 + (i % 199));
      writeFileSync(join(folder, name), await encodeGeoTiff({ bands, widthPx: 16, heightPx: 16, dtype: "uint8", data }));
      return { path: join(folder, name), file: name, labels: Int8Array.of(1, 0) };
    };
    const kindsOf = async (samples: readonly Sample[]) =>
      (await examineImages(samples, { classes })).findings.map(({ kind }) => kind);
    expect(await kindsOf([await chip("two.tif", ["red", "nir"]), await chip("two-2.tif", ["red", "nir"])])).toEqual([]);
    expect(await kindsOf([await chip("three.tif", ["nir", "red", "green"])])).toEqual([]);
    expect(await kindsOf([await chip("grey.tif", ["red", "alpha"])])).toContain("measurement-as-alpha");
  });

  it("tells images that are stretched, cut or shrunk by the backbone, and those that lack a band", async () => {
    const samples = [
      await save("wide.png", ramp, { widthPx: 40, heightPx: 10 }),
      await save("large.png", ramp, { widthPx: 900, heightPx: 900 }),
    ];
    const backbone = await stats(samples);
    const kinds = async (preprocess: object) => {
      const changed = { ...backbone, preprocess: { ...backbone.preprocess, ...preprocess } };
      const { findings } = await examineImages(samples, { classes, backbone: changed });
      return findings.map(({ kind, files }) => [kind, files?.flat().join()]);
    };
    expect(await kinds({})).toEqual([
      ["mixed-sizes", "wide.png"],
      ["distorted", "wide.png"],
      ["shrunk", "large.png"],
    ]);
    expect(await kinds({ fit: "crop", shorterSidePx: 128 })).toEqual([
      ["mixed-sizes", "wide.png"],
      ["cut-off", "wide.png"],
      ["shrunk", "large.png"],
    ]);
    expect(await kinds({ bands: ["red", "nir"] })).toEqual([
      ["mixed-sizes", "wide.png"],
      ["missing-bands", "wide.png,large.png"],
    ]);
  });

  it("keeps as many pictures as asked for, spread over the classes, and no more images than the limit", async () => {
    const samples = await Promise.all(
      Array.from({ length: 30 }, (_, i) => save(`many/${i}.png`, ramp, { labels: i < 27 ? [1, 0] : [0, 1] })),
    );
    const { pictures, lookedAt, facts } = await examineImages(samples, { classes, pictures: 4, backbone: await stats(samples) });
    expect(pictures.map(({ labels }) => labels.join()).sort()).toEqual(["a", "a", "b", "b"]);
    expect(pictures.every(({ before, after }) => before.widthPx === 16 && after?.widthPx === 128)).toBe(true);
    expect([lookedAt, facts.length]).toEqual([30, 30]);
    expect((await examineImages(samples, { classes, limit: 7 })).facts.map(({ file }) => file)).toEqual(
      [0, 4, 8, 12, 17, 21, 25].map((i) => `many/${i}.png`),
    );
  });

  it("shows exactly the pixels that the network gets", async () => {
    const sample = await save("exact.png", ramp, { widthPx: 128, heightPx: 128 });
    const { pictures } = await examineImages([sample], { classes, pictures: 1, backbone: await stats([sample]) });
    const [{ before, after }] = pictures;
    expect(after).toEqual(before satisfies Raster);
  });

  it("survives no image at all, and stops when it is told to", async () => {
    expect(await examineImages([], { classes, pictures: 3 })).toMatchObject({
      lookedAt: 0,
      findings: [],
      values: [],
      pictures: [],
    });
    const signal = AbortSignal.abort();
    await expect(examineImages([await save("x.png", ramp)], { classes, signal })).rejects.toThrow("stopped");
  });
});

const BAD = join(process.env.SIGMAX_GOLDEN ?? "../shared/golden", "bad/images");
if (!existsSync(BAD)) console.warn(`SKIPPED: ${BAD} is absent: hostile images are not examined`);
describe.skipIf(!existsSync(BAD))("hostile images", () => {
  it("are examined or listed, each once, and shown", async () => {
    const dataset = await openDataset(BAD, { unlabelled: true });
    const backbone = await openInspectedBackbone(dataset, [], {});
    const { facts, unreadable, pictures, lookedAt, values } = await examineImages(dataset.samples, {
      classes: [],
      backbone,
      pictures: 100,
    });
    expect(lookedAt).toBe((await listImages(BAD)).length);
    expect(facts.length + unreadable.length).toBe(lookedAt);
    expect(new Set([...facts, ...unreadable].map(({ file }) => file)).size).toBe(lookedAt);
    expect(pictures).toHaveLength(facts.length);
    expect(values.every(({ mean, lowest, highest }) => mean >= lowest && mean <= highest)).toBe(true);
    expect(contactSheet(pictures).data.length).toBeGreaterThan(0);
  });
});

describe("openInspectedBackbone", () => {
  it("is nothing where no image can be read, unless one was asked for", async () => {
    const path = join(folder, "no.png");
    writeFileSync(path, "no image");
    const dataset = {
      samples: [{ file: "no.png", path, labels: Int8Array.of() }],
      classes: [],
      root: folder,
      source: "folders",
      task: "multiclass",
    } as const;
    expect(await openInspectedBackbone(dataset, [undefined], {})).toBeUndefined();
    await expect(openInspectedBackbone(dataset, [undefined], { backbone: "stats" })).rejects.toThrow("no training image");
  });
});
