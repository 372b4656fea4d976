import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { createRandom } from "../../random.js";
import { type Histogram, histogramOf } from "./histogram.js";
import { HPARAMS_TAGS, type HParams } from "./hparams.js";
import type { PluginName, PluginValues } from "./plugins.js";
import { prCurveOf } from "./pr-curve.js";
import { encodeEvent } from "./proto.js";
import { readEvents } from "./reader.js";
import { encodeRecord } from "./record.js";
import { numberTensor } from "./tensor.js";
import { createEventWriter, encodePluginValue } from "./writer.js";

const PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==",
  "base64",
);
const random = createRandom(7);
const normal = Float32Array.from({ length: 1000 }, () => random.normal());
const truth = Int8Array.from({ length: 400 }, (_, i) => (i % 17 === 0 ? -1 : random.int(2)));
const guess = Float32Array.from(truth, (label) => (label + random.next()) / 2);

/** What each plugin is shown, by a tag of its own. */
const CASES: readonly { readonly [P in PluginName]: { plugin: P; tag: string; value: PluginValues[P] } }[PluginName][] = [
  { plugin: "histograms", tag: "head/weights", value: histogramOf(normal) },
  { plugin: "histograms", tag: "no values", value: histogramOf([]) },
  { plugin: "images", tag: "mistakes/1 a/b.png\t__proto__", value: { widthPx: 1, heightPx: 1, encoded: [PIXEL, PIXEL] } },
  { plugin: "pr_curves", tag: "pr_curve/forêt", value: prCurveOf(truth, guess, 0, 2) },
  ...(
    [
      {
        kind: "experiment",
        hparams: [{ name: "l2", type: "number", description: "penalty" }],
        metrics: [{ tag: "accuracy", group: "" }],
      },
      {
        kind: "start",
        values: [
          ["l2", 0.001],
          ["head", "softmax"],
          ["balanced", false],
          ["__proto__", "kept"],
        ],
        wallTime: 1700000000.5,
      },
      { kind: "end", status: "success", wallTime: 1700000001.5 },
    ] satisfies HParams[]
  ).map((value) => ({ plugin: "hparams" as const, tag: HPARAMS_TAGS[value.kind], value })),
];

const folder = mkdtempSync(join(tmpdir(), "sigmax-plugins-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const writer = createEventWriter(join(folder, "run"), { wallTime: () => 1700000000.25 });
for (const { plugin, tag, value } of CASES) writer.add(plugin, tag, value, 3);
writer.close();

describe("the data of a plugin", () => {
  const { plugins, passedOver, damage } = readEvents(readFileSync(writer.path), { file: writer.path });
  it.each(CASES)("is read back as it was written: $plugin $tag", ({ plugin, tag, value }) => {
    const read = plugins[plugin].find((event) => event.tag === tag);
    expect(read).toEqual({ tag, step: 3, wallTime: 1700000000.25, value });
  });
  it("is all that the file holds", () => {
    expect({ passedOver, damage }).toEqual({ passedOver: [], damage: undefined });
    expect(Object.values(plugins).flat()).toHaveLength(CASES.length);
  });

  it("is known by the first value of its tag, as TensorFlow writes it", () => {
    const value = { case: "tensor" as const, value: numberTensor([1, 3], Float64Array.of(0, 1, 2)) };
    const later = encodeEvent({ step: 4n, what: { case: "summary", value: { value: [{ tag: "t", value }] } } });
    const first = encodePluginValue("histograms", { tag: "t", step: 3, wallTime: 0, value: [] });
    const read = (payloads: Uint8Array[]) => readEvents(Buffer.concat(payloads.map(encodeRecord)), { file: "f" });
    expect(read([first, later]).plugins.histograms.map(({ step }) => step)).toEqual([3, 4]);
    expect(read([later])).toMatchObject({ passedOver: [{ tag: "t", step: 4 }], damage: undefined });
  });

  it("may be anything: what is not the plugin's is passed over and never thrown", () => {
    const tensors = [
      numberTensor([2, 3], new Float64Array(5)),
      numberTensor([2 ** 40, 3], new Float64Array(3)),
      { ...numberTensor([1], new Float64Array(1)), tensorContent: new Uint8Array(7) },
      { dtype: 99, tensorContent: new Uint8Array(24) },
      {},
    ];
    const strange = [...tensors].flatMap((tensor) =>
      ["histograms", "images", "pr_curves", "hparams", "scalars", "__proto__", "text"].map((pluginName) =>
        encodeEvent({
          what: {
            case: "summary",
            value: {
              value: [
                {
                  tag: pluginName,
                  metadata: { pluginData: { pluginName, content: Uint8Array.of(0xff) } },
                  value: { case: "tensor", value: tensor },
                },
              ],
            },
          },
        }),
      ),
    );
    const { passedOver, damage } = readEvents(Buffer.concat(strange.map(encodeRecord)), { file: "f" });
    expect(damage).toBeUndefined();
    expect(passedOver).toHaveLength(strange.length);
  });

  it("survives every cut and every flipped byte of its file without a throw", () => {
    const bytes = readFileSync(writer.path);
    const whole = readEvents(bytes, { file: "f" });
    const count = ({ plugins: read, passedOver: left }: typeof whole) => Object.values(read).flat().length + left.length;
    for (let at = 0; at < bytes.length; at += 7) {
      expect(count(readEvents(bytes.subarray(0, at), { file: "f" }))).toBeLessThan(CASES.length);
      const flipped = Buffer.from(bytes);
      flipped[at] ^= 0x55;
      expect(readEvents(flipped, { file: "f" }).damage).toContain("f: ");
    }
  });
});

/** Events that TensorBoard 2.21.0's own library wrote, and what it was told to write. */
const WRITTEN_BY_TENSORBOARD: readonly {
  readonly plugin: PluginName;
  readonly hex: string;
  readonly value: PluginValues[PluginName];
}[] = [
  {
    plugin: "histograms",
    hex: "0900001040fc54d94110072a6d0a6b0a016842560802120812020803120208032248000000000000f03f0000000000000040000000000000f03f00000000000000400000000000000840000000000000f03f00000000000008400000000000001040000000000000f03f4a0e0a0c0a0a686973746f6772616d73",
    value: [
      { left: 1, right: 2, count: 1 },
      { left: 2, right: 3, count: 1 },
      { left: 3, right: 4, count: 1 },
    ],
  },
  {
    plugin: "images",
    hex: "0900001040fc54d94110072a270a250a016942140807120412020803420132420131420489504e474a0a0a080a06696d61676573",
    value: { widthPx: 2, heightPx: 1, encoded: [Uint8Array.of(0x89, 0x50, 0x4e, 0x47)] },
  },
  {
    plugin: "pr_curves",
    hex: "0900001040fc54d94110072a580a560a0170423e0801120812020806120208022230000040400000803f0000004000000000000000000000004000000000000000409a99193f0000803f0000803f0000803e4a110a0f0a0970725f63757276657312021002",
    value: {
      truePositives: Float32Array.of(3, 1),
      falsePositives: Float32Array.of(2, 0),
      trueNegatives: Float32Array.of(0, 2),
      falseNegatives: Float32Array.of(0, 2),
      precision: Float32Array.of(0.6, 1),
      recall: Float32Array.of(1, 0.25),
    },
  },
  {
    plugin: "hparams",
    hex: "0900001040fc54d94110072abc010ab9010a1c5f68706172616d735f2f73657373696f6e5f73746172745f696e666f42060801120212004a90010a8d010a0768706172616d731281011a7f0a0e0a0862616c616e636564120220010a110a046865616412091a07736f66746d61780a0f0a026c32120911000000000000d03f224037323863376666366138356166376537326636623532653232376563623034633034333232366261376432643561363261393331303361636462343535653732290000000000001440",
    value: {
      kind: "start",
      values: [
        ["balanced", true],
        ["head", "softmax"],
        ["l2", 0.25],
      ],
      wallTime: 5,
    },
  },
  {
    plugin: "hparams",
    hex: "0900001040fc54d94110072a81010a7f0a145f68706172616d735f2f6578706572696d656e7442060801120212004a5f0a5d0a0768706172616d7312521250190000000000001440221a0a026c321a0770656e616c74792003320911000000000000f03f22150a046865616420012a0b0a091a07736f66746d61782a120a100a047465737412086163637572616379",
    value: {
      kind: "experiment",
      hparams: [
        { name: "l2", type: "number", description: "penalty" },
        { name: "head", type: "string", description: "" },
      ],
      metrics: [{ tag: "accuracy", group: "test" }],
    },
  },
  {
    plugin: "hparams",
    hex: "0900001040fc54d94110072a420a400a1a5f68706172616d735f2f73657373696f6e5f656e645f696e666f42060801120212004a1a0a180a0768706172616d73120d220b0801110000000000001840",
    value: { kind: "end", status: "success", wallTime: 6 },
  },
];

describe("events of TensorBoard's own library", () => {
  const read = (hex: string) => readEvents(encodeRecord(Buffer.from(hex, "hex")), { file: "f" });
  it.each(WRITTEN_BY_TENSORBOARD)("are understood: $plugin $value.kind", ({ plugin, hex, value }) => {
    const { plugins, passedOver, damage } = read(hex);
    expect({ passedOver, damage }).toEqual({ passedOver: [], damage: undefined });
    const [event] = plugins[plugin];
    expect(event).toMatchObject({ step: 7, wallTime: 1700000000.25 });
    expect(plain(event.value)).toEqual(plain(value));
  });

  it("are understood: scalars", () => {
    const hex = "0900001040fc54d94110072a1e0a1c0a0173420a080112002a040000003f4a0b0a090a077363616c617273";
    expect(read(hex).scalars).toEqual([{ tag: "s", step: 7, wallTime: 1700000000.25, value: 0.5 }]);
  });
});

/** Pictures may be views of any kind of bytes. */
const plain = (value: PluginValues[PluginName]): unknown =>
  "encoded" in value ? { ...value, encoded: value.encoded.map((bytes) => Array.from(bytes)) } : value;

describe("a histogram", () => {
  it("holds every finite value between the least and the greatest, in 30 buckets", () => {
    const buckets = histogramOf([...normal, Number.NaN, Number.POSITIVE_INFINITY]);
    expect(buckets).toHaveLength(30);
    expect(buckets.reduce((sum, { count }) => sum + count, 0)).toBe(1000);
    expect([buckets[0].left, buckets[29].right]).toEqual([Math.min(...normal), Math.max(...normal)]);
    for (const { left, right, count } of buckets.slice(0, 29)) {
      expect(count).toBe(normal.filter((value) => value >= left && value < right).length);
    }
  });

  it("of one value has no width", () => {
    expect(histogramOf([2, 2])).toEqual([{ left: 2, right: 2, count: 2 }] satisfies Histogram);
  });
});

describe("a precision-recall curve", () => {
  it("counts what reaches each threshold, unknown labels nowhere", () => {
    const curve = prCurveOf(truth, guess, 1, 2);
    for (const t of [0, 1, 77, 100, 199, 200]) {
      let [hits, alarms, misses, rejections] = [0, 0, 0, 0];
      for (let cell = 1; cell < truth.length; cell += 2) {
        if (truth[cell] < 0) continue;
        const said = guess[cell] >= t / 200;
        if (truth[cell] === 1) said ? hits++ : misses++;
        else said ? alarms++ : rejections++;
      }
      expect([
        curve.truePositives[t],
        curve.falsePositives[t],
        curve.trueNegatives[t],
        curve.falseNegatives[t],
        curve.precision[t],
        curve.recall[t],
      ]).toEqual([
        hits,
        alarms,
        rejections,
        misses,
        Math.fround(hits + alarms === 0 ? 1 : hits / (hits + alarms)),
        Math.fround(hits / (hits + misses)),
      ]);
    }
  });
});

/** Every plugin's data as TensorBoard itself hands it to its web page. */
const ASK_TENSORBOARD = `
import sys, json
from tensorboard.backend.event_processing import data_provider, plugin_event_multiplexer
from tensorboard import context
from tensorboard.util import tensor_util
from tensorboard.plugins.hparams import plugin_data_pb2
from tensorboard.plugins.pr_curve import metadata as pr
m = plugin_event_multiplexer.EventMultiplexer(tensor_size_guidance={'pr_curves': 100}); m.AddRunsFromDirectory(sys.argv[1]); m.Reload()
d = data_provider.MultiplexerDataProvider(m, sys.argv[1]); c = context.RequestContext()
def tensors(p): return {t: s[0].numpy.tolist() for t, s in d.read_tensors(c, experiment_id='', plugin_name=p, downsample=9).get('run', {}).items()}
blobs = d.read_blob_sequences(c, experiment_id='', plugin_name='images', downsample=9)['run']
images = {t: [d.read_blob(c, blob_key=v.blob_key).hex() for v in s[0].values] for t, s in blobs.items()}
listed = d.list_tensors(c, experiment_id='', plugin_name='pr_curves')['run']
hp = d.list_tensors(c, experiment_id='', plugin_name='hparams')['run']
start = plugin_data_pb2.HParamsPluginData.FromString(hp['_hparams_/session_start_info'].plugin_content).session_start_info
json.dump({'histograms': tensors('histograms'), 'pr': tensors('pr_curves'), 'images': images,
  'thresholds': [pr.parse_plugin_metadata(v.plugin_content).num_thresholds for v in listed.values()],
  'hparams': {k: getattr(v, v.WhichOneof('kind')) for k, v in start.hparams.items()}}, sys.stdout)
`;

describe("TensorBoard itself", () => {
  it("reads the data of every plugin", (context) => {
    if (spawnSync("python3", ["-c", "import tensorboard"]).status !== 0) {
      console.warn("skipped: TensorBoard is not installed for python3");
      context.skip();
    }
    const { stdout, stderr } = spawnSync("python3", ["-c", ASK_TENSORBOARD, folder], { encoding: "utf8" });
    expect(stdout, stderr).not.toBe("");
    const seen = JSON.parse(stdout);
    const { plugins } = readEvents(readFileSync(writer.path), { file: writer.path });
    for (const { tag, value } of plugins.histograms)
      expect(seen.histograms[tag]).toEqual(value.map(({ left, right, count }) => [left, right, count]));
    for (const { tag, value } of plugins.pr_curves)
      expect(seen.pr[tag]).toEqual(Object.values(value).map((row) => Array.from(row)));
    expect(seen.thresholds).toEqual([201]);
    for (const { tag, value } of plugins.images)
      expect(seen.images[tag].slice(2)).toEqual(value.encoded.map((bytes) => Buffer.from(bytes).toString("hex")));
    const [start] = plugins.hparams.flatMap(({ value }) => (value.kind === "start" ? [value] : []));
    expect(Object.entries(seen.hparams).sort()).toEqual([...start.values].sort());
  });
});
