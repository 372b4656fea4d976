var __defProp = Object.defineProperty;
var __getOwnPropNames = Object.getOwnPropertyNames;
var __esm = (fn, res, err) => function __init() {
  if (err) throw err[0];
  try {
    return fn && (res = (0, fn[__getOwnPropNames(fn)[0]])(fn = 0)), res;
  } catch (e) {
    throw err = [e], e;
  }
};
var __export = (target, all) => {
  for (var name in all)
    __defProp(target, name, { get: all[name], enumerable: true });
};

// src/errors.ts
function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}
var UserError;
var init_errors = __esm({
  "src/errors.ts"() {
    "use strict";
    UserError = class extends Error {
      code;
      /** What would be right and what to do, as a sentence. */
      hint;
      constructor(code, message, options = {}) {
        super(message, options.cause === void 0 ? void 0 : { cause: options.cause });
        this.name = "UserError";
        this.code = code;
        this.hint = options.hint;
      }
    };
  }
});

// src/runtime/ort.ts
async function createSession(ort2, runtime, model, { file = "the model", foldedBytes }, { extra, ...specific }) {
  const { session, ports } = await guard(file, "cannot be opened", async () => {
    const session2 = await ort2.InferenceSession.create(model, {
      graphOptimizationLevel: "all",
      // Reuses less memory between runs of different batch sizes, but peaks lower: 525 → 347 MB while training a ResNet.
      enableMemPattern: false,
      logSeverityLevel: SILENT,
      ...specific,
      extra: {
        ...extra,
        ...foldedBytes !== void 0 && { optimization: { constant_folding_max_output_size_in_bytes: String(foldedBytes) } }
      }
    });
    return { session: session2, ports: { inputs: session2.inputMetadata.map(portOf), outputs: session2.outputMetadata.map(portOf) } };
  });
  const names = ports.outputs.map(({ name }) => name);
  let isOpen2 = true;
  return {
    ...ports,
    runtime,
    async run(feeds, fetches = names, into = {}) {
      if (!isOpen2) throw new UserError("usage", `${file} was closed`, { hint: "Open it again before running it." });
      const toOrt = ({ dtype, data, shape }) => new ort2.Tensor(dtype, data, shape);
      const given = Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, toOrt(tensor)]));
      const here = runtime === "native" ? into : {};
      const wanted = Object.fromEntries(fetches.map((name) => [name, Object.hasOwn(here, name) ? toOrt(here[name]) : null]));
      return guard(file, "fails when it runs", async () => {
        const results = await session.run(given, wanted);
        return Object.fromEntries(
          Object.entries(results).map(([name, tensor]) => {
            const result = fromOrt(name, tensor);
            return [name, Object.hasOwn(into, name) ? settled(name, result, into[name]) : result];
          })
        );
      });
    },
    async close() {
      if (!isOpen2) return;
      isOpen2 = false;
      await session.release();
    }
  };
}
function portOf(metadata) {
  if (!metadata.isTensor) throw new Error(`"${metadata.name}" is not a tensor`);
  return { name: metadata.name, dtype: metadata.type, shape: metadata.shape };
}
function fromOrt(name, tensor) {
  if (!DTYPES.has(tensor.type)) throw new Error(`output "${name}" is ${tensor.type}, which cannot be read here`);
  return { dtype: tensor.type, shape: tensor.dims, data: tensor.data };
}
function settled(name, result, target) {
  if (result.data === target.data) return target;
  if (result.dtype !== target.dtype || result.data.length !== target.data.length) {
    throw new Error(`output "${name}" is ${result.dtype} [${result.shape.join(", ")}], unlike the memory that it should go into`);
  }
  target.data.set(result.data);
  return target;
}
async function guard(file, what, action) {
  try {
    return await action();
  } catch (error) {
    throw new UserError("bad-model", `${file}: ${what}: ${plain(messageOf(error))}`, {
      hint: "Check the file in Netron, or export it again with an opset that ONNX Runtime 1.30 supports.",
      cause: error
    });
  }
}
function plain(message) {
  return message.replace(/\S*\/onnxruntime\/\S+ [^\n]*?(?=Exception|Node|[A-Z][a-z]+ )/g, "").replace(/\s+/g, " ").trim().slice(0, 600);
}
var SILENT, DTYPES;
var init_ort = __esm({
  "src/runtime/ort.ts"() {
    "use strict";
    init_errors();
    SILENT = 4;
    DTYPES = /* @__PURE__ */ new Set([
      "float32",
      "float64",
      "int8",
      "uint8",
      "int16",
      "uint16",
      "int32",
      "uint32",
      "int64",
      "bool"
    ]);
  }
});

// src/runtime/wasm.ts
var wasm_exports = {};
__export(wasm_exports, {
  locateWasm: () => locateWasm,
  openWasm: () => openWasm
});
import * as ort from "onnxruntime-web";
function locateWasm(folder) {
  ort.env.wasm.wasmPaths = folder.endsWith("/") ? folder : `${folder}/`;
}
var openWasm;
var init_wasm = __esm({
  "src/runtime/wasm.ts"() {
    "use strict";
    init_ort();
    openWasm = (model, options = {}) => {
      ort.env.logLevel = "fatal";
      if (options.threads !== void 0) ort.env.wasm.numThreads = options.threads;
      return createSession(ort, "wasm", model, options, { executionProviders: ["wasm"] });
    };
  }
});

// src/synth/country/country.ts
init_errors();

// src/random.ts
function createRandom(seed, name = "") {
  let a = fnv1a(`${seed}/${name}/a`);
  let b = fnv1a(`${seed}/${name}/b`);
  let c = fnv1a(`${seed}/${name}/c`);
  let counter = 1;
  const uint32 = () => {
    const t = (a + b | 0) + counter | 0;
    counter = counter + 1 | 0;
    a = b ^ b >>> 9;
    b = c + (c << 3) | 0;
    c = c << 21 | c >>> 11;
    c = c + t | 0;
    return t >>> 0;
  };
  for (let i = 0; i < 12; i++) uint32();
  const next = () => ((uint32() >>> 5) * 67108864 + (uint32() >>> 6)) / 9007199254740992;
  let spare;
  return {
    next,
    int: (n) => Math.floor(next() * n),
    normal() {
      if (spare !== void 0) {
        const value = spare;
        spare = void 0;
        return value;
      }
      for (; ; ) {
        const u = 2 * next() - 1;
        const v = 2 * next() - 1;
        const s = u * u + v * v;
        if (s > 0 && s < 1) {
          const scale = Math.sqrt(-2 * Math.log(s) / s);
          spare = v * scale;
          return u * scale;
        }
      }
    },
    shuffle(items) {
      for (let i = items.length - 1; i > 0; i--) {
        const j = Math.floor(next() * (i + 1));
        [items[i], items[j]] = [items[j], items[i]];
      }
      return items;
    },
    fork: (child) => createRandom(seed, `${name}/${child}`)
  };
}
function fnv1a(text) {
  let hash = 2166136261;
  for (let i = 0; i < text.length; i++) {
    hash ^= text.charCodeAt(i);
    hash = Math.imul(hash, 16777619);
  }
  return hash | 0;
}

// src/synth/noise.ts
function noiseGrid(shape, widthPx, heightPx, leftPx = 0, topPx = 0) {
  const out = new Float32Array(widthPx * heightPx);
  const column = new Int32Array(widthPx);
  const fraction = new Float32Array(widthPx);
  for (const { seed, cellPx, amplitude } of octavesOf(shape)) {
    const first = Math.floor(leftPx / cellPx);
    for (let x = 0; x < widthPx; x++) {
      const at = (leftPx + x) / cellPx;
      column[x] = Math.floor(at) - first;
      fraction[x] = smooth(at - Math.floor(at));
    }
    const cells2 = column[widthPx - 1] + 2;
    let above = new Float32Array(cells2);
    let below = new Float32Array(cells2);
    const blended = new Float32Array(cells2);
    let latticeRow;
    for (let y = 0; y < heightPx; y++) {
      const at = (topPx + y) / cellPx;
      const row2 = Math.floor(at);
      if (row2 !== latticeRow) {
        if (latticeRow !== void 0 && row2 === latticeRow + 1) [above, below] = [below, above];
        else for (let i = 0; i < cells2; i++) above[i] = latticeValue(first + i, row2, seed);
        for (let i = 0; i < cells2; i++) below[i] = latticeValue(first + i, row2 + 1, seed);
        latticeRow = row2;
      }
      const t = smooth(at - row2);
      for (let i = 0; i < cells2; i++) blended[i] = amplitude * (above[i] + (below[i] - above[i]) * t);
      for (let x = 0, pixel = y * widthPx; x < widthPx; x++, pixel++) {
        const i = column[x];
        out[pixel] += blended[i] + (blended[i + 1] - blended[i]) * fraction[x];
      }
    }
  }
  return out;
}
var KNOT_PX = 8;
function smoothGrid(shape, widthPx, heightPx, leftPx, topPx) {
  const [left, top] = [Math.floor(leftPx / KNOT_PX), Math.floor(topPx / KNOT_PX)];
  const columns = Math.floor((leftPx + widthPx - 1) / KNOT_PX) - left + 2;
  const rows2 = Math.floor((topPx + heightPx - 1) / KNOT_PX) - top + 2;
  const knots = noiseGrid({ ...shape, scalePx: shape.scalePx / KNOT_PX }, columns, rows2, left, top);
  return interpolateKnots(knots, columns, { widthPx, heightPx, leftPx, topPx });
}
function interpolateKnots(knots, columns, { widthPx, heightPx, leftPx, topPx }) {
  const out = new Float32Array(widthPx * heightPx);
  const [left, top] = [Math.floor(leftPx / KNOT_PX), Math.floor(topPx / KNOT_PX)];
  const row2 = new Float32Array(columns);
  for (let y = 0, at = 0; y < heightPx; y++) {
    const j = Math.floor((topPx + y) / KNOT_PX);
    const t = (topPx + y) / KNOT_PX - j;
    const from = (j - top) * columns;
    for (let i = 0; i < columns; i++) row2[i] = knots[from + i] + (knots[from + columns + i] - knots[from + i]) * t;
    for (let x = 0; x < widthPx; x++, at++) {
      const i = Math.floor((leftPx + x) / KNOT_PX);
      const s = (leftPx + x) / KNOT_PX - i;
      const here = row2[i - left];
      out[at] = here + (row2[i - left + 1] - here) * s;
    }
  }
  return out;
}
function noiseAt(shape, x, y) {
  let sum3 = 0;
  for (const { seed, cellPx, amplitude } of octavesOf(shape)) {
    const i = Math.floor(x / cellPx);
    const j = Math.floor(y / cellPx);
    const s = smooth(x / cellPx - i);
    const t = smooth(y / cellPx - j);
    const above = mix(latticeValue(i, j, seed), latticeValue(i + 1, j, seed), s);
    const below = mix(latticeValue(i, j + 1, seed), latticeValue(i + 1, j + 1, seed), s);
    sum3 += amplitude * mix(above, below, t);
  }
  return sum3;
}
function latticeValue(i, j, seed) {
  let h = Math.imul(i, 668265261) ^ Math.imul(j, 374761393) ^ seed;
  h = Math.imul(h ^ h >>> 15, 2246822507);
  h = Math.imul(h ^ h >>> 13, 3266489909);
  return (h ^ h >>> 16) / 2147483648;
}
function octavesOf({ seed, scalePx, octaves }) {
  const total = 2 - 2 ** (1 - octaves);
  return Array.from({ length: octaves }, (_, k) => ({
    seed: seed + Math.imul(k, 2654435769) | 0,
    cellPx: scalePx / 2 ** k,
    amplitude: 2 ** -k / total
  }));
}
function smooth(t) {
  return t * t * (3 - 2 * t);
}
function mix(a, b, t) {
  return a + (b - a) * t;
}

// src/land.ts
var LAND = [
  { name: "water", colour: [59, 111, 182] },
  { name: "forest", colour: [30, 92, 50] },
  { name: "grass", colour: [150, 196, 98] },
  { name: "field", colour: [222, 196, 84] },
  { name: "bare", colour: [176, 150, 124] },
  { name: "road", colour: [70, 70, 76] },
  { name: "urban", colour: [206, 84, 72] }
];
var LAND_VALUE = Object.fromEntries(LAND.map(({ name }, index) => [name, index + 1]));

// src/synth/country/grid-index.ts
var CELL_PX = 256;
var SHIFT = 2 ** 20;
function gridIndex(items, boxOf2) {
  const cells2 = /* @__PURE__ */ new Map();
  items.forEach((item, index) => {
    for (const key of keysOf(boxOf2(item))) {
      const cell = cells2.get(key);
      if (cell === void 0) cells2.set(key, [index]);
      else cell.push(index);
    }
  });
  return {
    items,
    boxOf: boxOf2,
    near(box) {
      const found = /* @__PURE__ */ new Set();
      for (const key of keysOf(box)) for (const index of cells2.get(key) ?? []) found.add(index);
      return [...found].sort((a, b) => a - b).map((index) => items[index]);
    }
  };
}
function* keysOf({ left, top, right, bottom }) {
  for (let j = Math.floor(top / CELL_PX); j <= Math.floor(bottom / CELL_PX); j++) {
    for (let i = Math.floor(left / CELL_PX); i <= Math.floor(right / CELL_PX); i++) yield (j + SHIFT) * 2 * SHIFT + i + SHIFT;
  }
}

// src/synth/country/ribbon.ts
function segmentsOf(points, about) {
  return points.slice(1).map((to, k) => ({ from: points[k], to, ...about }));
}
function indexRibbons(segments, reachPx) {
  return { index: gridIndex(segments, (segment) => boxOf(segment, reachPx + segment.halfWidthPx)), reachPx };
}
function boxOf({ from, to }, reachPx) {
  return {
    left: Math.min(from[0], to[0]) - reachPx,
    top: Math.min(from[1], to[1]) - reachPx,
    right: Math.max(from[0], to[0]) + reachPx,
    bottom: Math.max(from[1], to[1]) + reachPx
  };
}
function distanceTo({ from, to }, x, y) {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const along2 = ((x - from[0]) * dx + (y - from[1]) * dy) / (dx * dx + dy * dy || 1);
  const t = along2 < 0 ? 0 : Math.min(along2, 1);
  return Math.hypot(x - from[0] - t * dx, y - from[1] - t * dy);
}
function bankDistanceAt({ index, reachPx }, x, y, date) {
  let nearest = reachPx;
  for (const segment of index.near({ left: x, top: y, right: x, bottom: y })) {
    if (segment.since <= date) nearest = Math.min(nearest, distanceTo(segment, x, y) - segment.halfWidthPx);
  }
  return nearest;
}
function ribbonDistances({ index }, { leftPx, topPx, widthPx, heightPx }, date, withinPx) {
  const bankPx = new Float32Array(widthPx * heightPx).fill(withinPx);
  const kind = new Uint8Array(widthPx * heightPx);
  const [right, bottom] = [leftPx + widthPx - 1, topPx + heightPx - 1];
  for (const segment of index.near({ left: leftPx, top: topPx, right, bottom })) {
    if (segment.since > date) continue;
    const { from, halfWidthPx } = segment;
    const box = boxOf(segment, withinPx + halfWidthPx);
    const [dx, dy] = [segment.to[0] - from[0], segment.to[1] - from[1]];
    const square = dx * dx + dy * dy || 1;
    for (let y = Math.max(topPx, Math.ceil(box.top)); y <= Math.min(bottom, box.bottom); y++) {
      const first = Math.max(leftPx, Math.ceil(box.left));
      for (let x = first, at = (y - topPx) * widthPx + first - leftPx; x <= Math.min(right, box.right); x++, at++) {
        const along2 = ((x - from[0]) * dx + (y - from[1]) * dy) / square;
        const t = along2 < 0 ? 0 : Math.min(along2, 1);
        const ex = x - from[0] - t * dx;
        const ey = y - from[1] - t * dy;
        const limit = bankPx[at] + halfWidthPx;
        const squared = ex * ex + ey * ey;
        if (limit <= 0 || squared >= limit * limit) continue;
        bankPx[at] = Math.sqrt(squared) - halfWidthPx;
        kind[at] = segment.kind;
      }
    }
  }
  return { bankPx, kind };
}

// src/synth/country/clearings.ts
var CLEARING_AREA = 620 ** 2;
var RAGGED = 0.55;
var TRIES = 60;
var NEXT = ["field", "field", "field", "grass", "grass", "bare", "bare"];
function createClearings(sizePx, dates, woods, random) {
  const clearings = [];
  for (let since = 1; since < dates; since++) {
    const own = random.fork(`date ${since}`);
    const count = Math.max(2, Math.round(sizePx ** 2 / CLEARING_AREA));
    for (let k = 0; k < count; k++) {
      const site = findSite(sizePx, woods, since, own);
      if (site === void 0) continue;
      const becomes = LAND_VALUE[NEXT[own.int(NEXT.length)]];
      const radiusPx = Math.min(sizePx / 5, 34 + 56 * own.next());
      const lobes = 1 + own.int(3);
      for (let lobe = 0; lobe < lobes; lobe++) {
        const angle = 2 * Math.PI * own.next();
        const aside = lobe === 0 ? 0 : radiusPx * (0.7 + 0.5 * own.next());
        const at = [site[0] + aside * Math.cos(angle), site[1] + aside * Math.sin(angle)];
        clearings.push({ at, radiusPx: radiusPx * (lobe === 0 ? 1 : 0.55 + 0.35 * own.next()), since, becomes });
      }
    }
  }
  const edge = { seed: random.int(2 ** 31), scalePx: 46, octaves: 3 };
  return { index: gridIndex(clearings, clearingBox), edge };
}
function findSite(sizePx, { depthAt, roads, rivers }, date, random) {
  let reserve;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const [x, y] = [sizePx * random.next(), sizePx * random.next()];
    const depth = depthAt(x, y);
    if (depth < 0.02) continue;
    reserve ??= [x, y];
    const isAtEdge = depth < 0.07 && random.next() < 0.35;
    if (isAtEdge || Math.min(bankDistanceAt(roads, x, y, date), bankDistanceAt(rivers, x, y, date)) < roads.reachPx)
      return [x, y];
  }
  return reserve;
}
function clearingBox({ at: [x, y], radiusPx }) {
  const reach = radiusPx * (1 + RAGGED);
  return { left: x - reach, top: y - reach, right: x + reach, bottom: y + reach };
}
function clearedTo(clearings, x, y, edge) {
  for (const { at, radiusPx, becomes } of clearings) {
    const reach = radiusPx * (1 + RAGGED * edge);
    const [dx, dy] = [x - at[0], y - at[1]];
    if (dx * dx + dy * dy < reach * reach) return becomes;
  }
  return 0;
}
function clearingsNear({ index }, box, date) {
  return index.near(box).filter(({ since }) => since <= date);
}

// src/synth/country/roads.ts
var ROADS = [
  { name: "country road", halfWidthPx: 2.6, isDual: false },
  { name: "main road", halfWidthPx: 3.8, isDual: false },
  { name: "motorway", halfWidthPx: 8, isDual: true }
];
var [COUNTRY, MAIN, MOTORWAY] = [0, 1, 2];
var REACH_PX = 14;
var STEP_PX = 20;
var MOTORWAY_LANE_PX = 5200;
function createRoads(sizePx, settlements, dates, random) {
  const places = settlements.map(({ at }) => at);
  const segments = [];
  const lay = (from, to, kind, since, name) => {
    const points = winding(from, to, kind === MOTORWAY ? 0.05 : 0.13, random.fork(name));
    segments.push(...segmentsOf(points, { halfWidthPx: ROADS[kind].halfWidthPx, kind, since }));
  };
  for (const [a, b] of neighbours(places)) lay(places[a], places[b], MAIN, 0, `${a}-${b}`);
  places.forEach((place, index) => {
    if (index % 3 === 0) lay(place, wayOut(place, sizePx), COUNTRY, 0, `out ${index}`);
  });
  const direction = Math.PI * random.next();
  const lanes = Math.ceil(0.71 * sizePx / MOTORWAY_LANE_PX);
  const [cos, sin] = [Math.cos(direction), Math.sin(direction)];
  for (let lane = -lanes; lane <= lanes; lane++) {
    const aside = lane * MOTORWAY_LANE_PX + 0.5 * Math.min(sizePx, MOTORWAY_LANE_PX) * (random.next() - 0.5);
    const at = (along2) => [sizePx / 2 + along2 * cos - aside * sin, sizePx / 2 + along2 * sin + aside * cos];
    lay(at(-0.8 * sizePx - 100), at(0.8 * sizePx + 100), MOTORWAY, 0, `motorway ${lane}`);
  }
  for (let date = 1; date < dates; date++) {
    const links = Math.max(1, Math.round(settlements.length / 4));
    for (let link = 0; link < links; link++) {
      const own = random.fork(`link ${date} ${link}`);
      const from = places[own.int(places.length)];
      const angle = 2 * Math.PI * own.next();
      const length = 300 + 700 * own.next();
      lay(from, [from[0] + length * Math.cos(angle), from[1] + length * Math.sin(angle)], COUNTRY, date, `new ${date} ${link}`);
    }
  }
  const inside = ({ from: [x, y] }) => x > -100 && y > -100 && x < sizePx + 100 && y < sizePx + 100;
  return indexRibbons(segments.filter(inside), REACH_PX);
}
function neighbours(places) {
  const distance = (a, b) => Math.hypot(places[a][0] - places[b][0], places[a][1] - places[b][1]);
  const pairs = [];
  for (let a = 0; a < places.length; a++) {
    for (let b = a + 1; b < places.length; b++) {
      const apart = distance(a, b);
      const between4 = places.some((_, c) => c !== a && c !== b && distance(a, c) < apart && distance(b, c) < apart);
      if (!between4) pairs.push([a, b]);
    }
  }
  return pairs;
}
function wayOut([x, y], sizePx) {
  const ways = [
    [-150, y + 0.3 * (x - sizePx / 2)],
    [sizePx + 150, y + 0.3 * (sizePx / 2 - x)],
    [x + 0.3 * (y - sizePx / 2), -150],
    [x + 0.3 * (sizePx / 2 - y), sizePx + 150]
  ];
  return ways.reduce((best, way) => Math.hypot(way[0] - x, way[1] - y) < Math.hypot(best[0] - x, best[1] - y) ? way : best);
}
function winding(from, to, stray, random) {
  const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
  const [cos, sin] = [(to[0] - from[0]) / length, (to[1] - from[1]) / length];
  const wind = { seed: random.int(2 ** 31), scalePx: 420, octaves: 2 };
  const steps = Math.max(2, Math.ceil(length / STEP_PX));
  return Array.from({ length: steps + 1 }, (_, k) => {
    const along2 = k / steps * length;
    const freedom = Math.min(1, along2 / 250, (length - along2) / 250);
    const aside = freedom * (stray * Math.min(length, 900)) * 1.6 * noiseAt(wind, along2, 0.5);
    return [from[0] + along2 * cos - aside * sin, from[1] + along2 * sin + aside * cos];
  });
}

// src/synth/country/hashing.ts
function hashed(i, j, seed) {
  return 0.5 + 0.5 * latticeValue(i, j, seed);
}
function seedOf(i, j, seed) {
  return latticeValue(i, j, seed) * 2147483648 | 0;
}

// src/synth/country/waters.ts
var LANE_PX = 2600;
var STEP_PX2 = 12;
var REACH_PX2 = 72;
var LAKE_AREA = 1500 ** 2;
var RAGGED2 = 0.8;
var BANK_PX = 5;
function createWaters(sizePx, random) {
  const shore = { seed: random.int(2 ** 31), scalePx: 170, octaves: 3 };
  const flow = 2 * Math.PI * random.next();
  const half = 0.75 * sizePx + 400;
  const lanes = Math.ceil(0.71 * sizePx / LANE_PX);
  const toWorld = (along2, across) => [
    sizePx / 2 + along2 * Math.cos(flow) - across * Math.sin(flow),
    sizePx / 2 + along2 * Math.sin(flow) + across * Math.cos(flow)
  ];
  const segments = [];
  for (let lane = -lanes; lane <= lanes; lane++) {
    const own = random.fork(`river ${lane}`);
    const middle = lane * LANE_PX + 0.2 * Math.min(sizePx, LANE_PX) * (own.next() - 0.5);
    const course = meander({ along: -half, across: middle, heading: 0, lengthPx: 6 * half, wavePx: 1e3 }, own, half);
    const halfWidthPx = 17 + 17 * own.next();
    segments.push(...segmentsOf(course.map(toWorldOf(toWorld)), { halfWidthPx, kind: 0, since: 0 }));
    for (let at = own.int(60); at < course.length; at += 55 + own.int(70)) {
      const side = own.next() < 0.5 ? 1 : -1;
      const [along2, across] = course[at];
      const heading = side * (1 + 0.6 * own.next());
      const lengthPx = 400 + 500 * own.next();
      const brook = meander({ along: along2, across, heading, lengthPx, wavePx: 260 }, own, half);
      segments.push(...segmentsOf(brook.map(toWorldOf(toWorld)), { halfWidthPx: 2.5 + 2.5 * own.next(), kind: 1, since: 0 }));
    }
  }
  const inside = ({ from: [x, y] }) => x > -200 && y > -200 && x < sizePx + 200 && y < sizePx + 200;
  const ofLakes = random.fork("lakes");
  const lakes = Array.from({ length: Math.max(1, Math.round(sizePx ** 2 / LAKE_AREA)) }, () => {
    return {
      at: [sizePx * ofLakes.next(), sizePx * ofLakes.next()],
      radiusPx: Math.min(sizePx / 6, 70 + 110 * ofLakes.next()),
      stretch: 1 + 0.5 * ofLakes.next(),
      angle: Math.PI * ofLakes.next()
    };
  });
  return { rivers: indexRibbons(segments.filter(inside), REACH_PX2), lakes: gridIndex(lakes, lakeBox), shore };
}
function toWorldOf(toWorld) {
  return ([along2, across]) => toWorld(along2, across);
}
function meander({ along: along2, across, heading, lengthPx, wavePx }, random, end) {
  const points = [[along2, across]];
  const swing = { seed: random.int(2 ** 31), scalePx: 900, octaves: 2 };
  let [x, y] = [along2, across];
  let phase = 2 * Math.PI * random.next();
  const drift = heading === 0 ? 1.1 / (LANE_PX / 2) : 0;
  for (let way = 0; way < lengthPx && x < end; way += STEP_PX2) {
    const bend = 1 + 0.5 * noiseAt(swing, way, 0);
    phase += 2 * Math.PI * STEP_PX2 / wavePx * (1 + 0.7 * noiseAt(swing, way, 5e3));
    const towards = heading + bend * Math.sin(phase) - drift * (y - across);
    x += STEP_PX2 * Math.cos(towards);
    y += STEP_PX2 * Math.sin(towards);
    points.push([x, y]);
  }
  return points;
}
function lakeBox({ at: [x, y], radiusPx, stretch }) {
  const reach = radiusPx * stretch * (1 + RAGGED2);
  return { left: x - reach, top: y - reach, right: x + reach, bottom: y + reach };
}
function lakeDepth({ at, radiusPx, stretch, angle }, x, y, shore) {
  const dx = x - at[0];
  const dy = y - at[1];
  const u = (dx * Math.cos(angle) + dy * Math.sin(angle)) / stretch;
  const v = (dy * Math.cos(angle) - dx * Math.sin(angle)) * stretch;
  return radiusPx * (1 + RAGGED2 * shore) - Math.hypot(u, v);
}
function riverDepth(bankPx, shore) {
  return BANK_PX * shore - bankPx;
}
function waterDistanceAt({ rivers, lakes, shore }, x, y) {
  const noise = noiseAt(shore, x, y);
  const depths = lakes.near({ left: x, top: y, right: x, bottom: y }).map((lake) => lakeDepth(lake, x, y, noise));
  return -Math.max(riverDepth(bankDistanceAt(rivers, x, y, 0), noise), ...depths);
}

// src/synth/country/settlements.ts
var SETTLEMENT_AREA = 1120 ** 2;
var STEP = 0.2;
var LOBE = 0.22;
var RAGGED3 = 0.1;
var BLOCK = { acrossPx: 48, alongPx: 92, streetPx: 5 };
function createSettlements(sizePx, waters, random) {
  const wanted = Math.max(1, Math.round(sizePx ** 2 / SETTLEMENT_AREA));
  const settlements = [];
  for (let attempt = 0; attempt < 40 * wanted && settlements.length < wanted; attempt++) {
    const inner = settlements.length === 0 ? 0.25 : 0.02;
    const at = [sizePx * (inner + (1 - 2 * inner) * random.next()), sizePx * (inner + (1 - 2 * inner) * random.next())];
    const radiusPx = Math.min(120 + 170 * random.next() ** 1.5, sizePx / 5);
    const growth = 0.65 + 0.4 * random.next();
    const angle = Math.PI * random.next();
    const apart = settlements.every((other) => {
      return Math.hypot(at[0] - other.at[0], at[1] - other.at[1]) > outerRadius(other) + radiusPx * (1 + growth) * (1 + LOBE) + 40;
    });
    if (!apart || attempt < 30 * wanted && waterDistanceAt(waters, ...at) < 70) continue;
    const shape = { cos: Math.cos(angle), sin: Math.sin(angle), lobe: 2 * Math.PI * random.next(), seed: random.int(2 ** 31) };
    settlements.push({ at, radiusPx, growth, ...shape });
  }
  return settlements;
}
function indexSettlements(settlements) {
  return gridIndex(settlements, (settlement) => {
    const reach = outerRadius(settlement) + BLOCK.alongPx;
    const [x, y] = settlement.at;
    return { left: x - reach, top: y - reach, right: x + reach, bottom: y + reach };
  });
}
function outerRadius({ radiusPx, growth }) {
  return radiusPx * (1 + growth) * (1 + LOBE + RAGGED3);
}
function acrossOf({ at, cos, sin }, x, y) {
  return (x - at[0]) * cos + (y - at[1]) * sin;
}
function alongOf({ at, cos, sin }, x, y) {
  return (y - at[1]) * cos - (x - at[0]) * sin;
}
function blockRank(settlement, column, row2, date) {
  const { radiusPx, growth, lobe, seed } = settlement;
  const [across, along2] = [(column + 0.5) * BLOCK.acrossPx, (row2 + 0.5) * BLOCK.alongPx];
  const stretch = 1 + LOBE * Math.cos(2 * (Math.atan2(along2, across) - lobe));
  const rank = Math.hypot(across, along2) / radiusPx / stretch * (1 + RAGGED3 * (2 * hashed(column, row2, seed) - 1));
  return rank < 1 + growth * (1 - (1 - STEP) ** date) ? rank : void 0;
}
function isSettled(settlements, x, y, date) {
  return settlements.near({ left: x, top: y, right: x, bottom: y }).some((settlement) => {
    const column = Math.floor(acrossOf(settlement, x, y) / BLOCK.acrossPx);
    return blockRank(settlement, column, Math.floor(alongOf(settlement, x, y) / BLOCK.alongPx), date) !== void 0;
  });
}

// src/synth/country/country.ts
var RESOLUTION_METERS = 2;
var SIZE_LIMITS_PX = [64, 2e4];
var MOST_DATES = 12;
var EPSG = 32633;
var SHARES = { forest: [0.29, 0.37], bare: [0.12, 0.16], field: [0.58, 0.68] };
var LOOKS = 72;
function createCountry({ sizePx, seed, dates = 1 }) {
  const [least, most] = SIZE_LIMITS_PX;
  if (!Number.isInteger(sizePx) || sizePx < least || sizePx > most) {
    throw new UserError("limit", `a scene of ${sizePx} pixels a side cannot be generated`, {
      hint: `Ask for a whole number from ${least} to ${most}.`
    });
  }
  if (!Number.isInteger(dates) || dates < 1 || dates > MOST_DATES) {
    throw new UserError("limit", `${dates} dates cannot be generated`, { hint: `Ask for 1 to ${MOST_DATES}.` });
  }
  const random = createRandom(seed, "country");
  const field = (name, scalePx, octaves) => {
    return { seed: random.fork(name).int(2 ** 31), scalePx, octaves };
  };
  const relief = field("relief", 1400, 5);
  const waters = createWaters(sizePx, random.fork("waters"));
  const settled2 = createSettlements(sizePx, waters, random.fork("settlements"));
  const settlements = indexSettlements(settled2);
  const roads = createRoads(sizePx, settled2, dates, random.fork("roads"));
  let places = lattice(sizePx).filter(([x, y]) => waterDistanceAt(waters, x, y) > 0 && !isSettled(settlements, x, y, 0));
  const take = (shape, [from, to]) => {
    const valued = places.map((place2) => ({ place: place2, value: noiseAt(shape, ...place2) })).sort((a, b) => b.value - a.value);
    const taken = Math.floor(between(from, to, random.fork(`share ${shape.seed}`)) * valued.length);
    places = valued.slice(taken).map(({ place: place2 }) => place2);
    return valued.length === 0 ? 1 : valued[Math.min(taken, valued.length - 1)].value;
  };
  const woods = field("forest", 460, 4);
  const forest2 = { field: woods, threshold: take(woods, SHARES.forest) };
  const stones = field("bare", 380, 3);
  const bare2 = { field: stones, threshold: take(stones, SHARES.bare) };
  const soil = field("soil", 820, 2);
  const farmland = { seed: random.fork("districts").int(2 ** 31), soil, threshold: take(soil, SHARES.field) };
  const depthAt = (x, y) => {
    const isFree = waterDistanceAt(waters, x, y) > 0 && !isSettled(settlements, x, y, MOST_DATES);
    return isFree ? noiseAt(forest2.field, x, y) - forest2.threshold : -1;
  };
  const clearings = createClearings(sizePx, dates, { depthAt, roads, rivers: waters.rivers }, random.fork("clearings"));
  const place = random.fork("place");
  const [east, north] = [32e4 + 1e3 * place.int(300), 52e5 + 1e3 * place.int(400)];
  const transform = [east, RESOLUTION_METERS, 0, north, 0, -RESOLUTION_METERS];
  const moisture = field("moisture", 500, 3);
  return {
    ...{ sizePx, seed, dates, epsg: EPSG, transform },
    ...{ relief, waters, settlements, roads, forest: forest2, bare: bare2, farmland, clearings, moisture }
  };
}
function lattice(sizePx) {
  const step2 = sizePx / LOOKS;
  return Array.from({ length: LOOKS ** 2 }, (_, k) => [(k % LOOKS + 0.5) * step2, (Math.floor(k / LOOKS) + 0.5) * step2]);
}
function between(from, to, random) {
  return from + (to - from) * random.next();
}

// src/raster/geo/crs.ts
var WGS84 = "+datum=WGS84";
var GRS80 = "+ellps=GRS80 +towgs84=0,0,0,0,0,0,0";
function geographic(code, name, datum) {
  return { codes: [code, code], kind: "geographic", name: () => name, proj4: () => `+proj=longlat ${datum} +no_defs` };
}
function utm(first, last, zones, datum) {
  const letter = zones.south ? "S" : "N";
  const south = zones.south ? " +south" : "";
  return {
    codes: [first, last],
    kind: "projected",
    name: (index) => `${zones.name} / UTM zone ${zones.from + index}${letter}`,
    proj4: (index) => `+proj=utm +zone=${zones.from + index}${south} ${datum} +units=m +no_defs`
  };
}
var KNOWN = [
  geographic(4326, "WGS 84", WGS84),
  geographic(4258, "ETRS89", GRS80),
  geographic(4269, "NAD83", "+datum=NAD83"),
  geographic(4674, "SIRGAS 2000", GRS80),
  {
    codes: [3857, 3857],
    kind: "projected",
    name: () => "WGS 84 / Pseudo-Mercator",
    proj4: () => "+proj=merc +a=6378137 +b=6378137 +lat_ts=0 +lon_0=0 +x_0=0 +y_0=0 +k=1 +units=m +nadgrids=@null +no_defs"
  },
  {
    codes: [3035, 3035],
    kind: "projected",
    name: () => "ETRS89-extended / LAEA Europe",
    proj4: () => `+proj=laea +lat_0=52 +lon_0=10 +x_0=4321000 +y_0=3210000 ${GRS80} +units=m +no_defs`
  },
  {
    codes: [5070, 5070],
    kind: "projected",
    name: () => "NAD83 / Conus Albers",
    proj4: () => "+proj=aea +lat_0=23 +lon_0=-96 +lat_1=29.5 +lat_2=45.5 +x_0=0 +y_0=0 +datum=NAD83 +units=m +no_defs"
  },
  utm(32601, 32660, { name: "WGS 84", from: 1 }, WGS84),
  utm(32701, 32760, { name: "WGS 84", from: 1, south: true }, WGS84),
  utm(25828, 25838, { name: "ETRS89", from: 28 }, GRS80),
  utm(26901, 26923, { name: "NAD83", from: 1 }, "+datum=NAD83"),
  utm(31978, 31985, { name: "SIRGAS 2000", from: 18, south: true }, GRS80)
];
function crsOfEpsg(epsg) {
  const row2 = KNOWN.find(({ codes: [first, last] }) => epsg >= first && epsg <= last);
  if (row2 === void 0 || !Number.isInteger(epsg)) return void 0;
  const index = epsg - row2.codes[0];
  const { kind } = row2;
  const metersPerUnit = kind === "projected" ? 1 : void 0;
  return { epsg, name: row2.name(index), kind, proj4: row2.proj4(index), metersPerUnit, geoKeys: void 0 };
}

// src/raster/geo/transform.ts
function placedTransform([x0, xc, xr, y0, yc, yr], { leftPx = 0, topPx = 0, columnPx = 1, rowPx = 1 }) {
  return [x0 + xc * leftPx + xr * topPx, xc * columnPx, xr * rowPx, y0 + yc * leftPx + yr * topPx, yc * columnPx, yr * rowPx];
}

// src/synth/country/spectra.ts
var COUNTRY_BANDS = ["red", "green", "blue", "nir", "swir16", "swir22"];
var SPECTRA = {
  soil: [0.135, 0.105, 0.075, 0.19, 0.26, 0.22],
  hay: [0.2, 0.165, 0.115, 0.3, 0.34, 0.27],
  grass: [0.06, 0.09, 0.045, 0.36, 0.2, 0.1],
  dense: [0.04, 0.075, 0.033, 0.44, 0.18, 0.08],
  conifer: [0.032, 0.05, 0.027, 0.3, 0.12, 0.055],
  broadleaf: [0.042, 0.074, 0.034, 0.42, 0.18, 0.085],
  turning: [0.1, 0.085, 0.038, 0.36, 0.21, 0.11],
  understorey: [0.024, 0.032, 0.019, 0.15, 0.08, 0.04],
  water: [0.03, 0.048, 0.04, 0.014, 6e-3, 4e-3],
  silt: [0.1, 0.11, 0.08, 0.055, 0.015, 8e-3],
  asphalt: [0.113, 0.107, 0.1, 0.13, 0.15, 0.145],
  gravel: [0.195, 0.175, 0.15, 0.24, 0.3, 0.28],
  paving: [0.155, 0.145, 0.13, 0.19, 0.23, 0.22],
  tile: [0.19, 0.105, 0.075, 0.28, 0.3, 0.27],
  slate: [0.115, 0.11, 0.105, 0.15, 0.17, 0.165],
  metal: [0.26, 0.25, 0.24, 0.28, 0.27, 0.25]
};
function paletteOf(bands2) {
  const columns = bands2.map((band) => COUNTRY_BANDS.indexOf(band));
  return Object.fromEntries(
    Object.entries(SPECTRA).map(([name, values]) => [name, Float64Array.from(columns, (column) => values[column])])
    // Object.fromEntries forgets the key type of an object that is complete by construction.
  );
}
function mixLand(out, palette, green, dry, lush, tone) {
  const { soil, hay, grass: grass2, dense } = palette;
  const g = green < 0 ? 0 : Math.min(green, 1);
  const ofSoil = (1 - g) * (1 - dry) * tone;
  const ofHay = (1 - g) * dry * tone;
  const ofGrass = g * (1 - lush) * tone;
  const ofDense = g * lush * tone;
  for (let band = 0; band < out.length; band++) {
    out[band] = ofSoil * soil[band] + ofHay * hay[band] + ofGrass * grass2[band] + ofDense * dense[band];
  }
}

// src/synth/country/built-land.ts
var LOT_PX = 15.2;
var DENSE_RANK = 0.34;
var HALLS = 0.1;
function paintTowns(canvas, { towns, town, rank }) {
  const { leftPx, topPx, widthPx, heightPx, cover } = canvas;
  const blocks = towns.map(() => void 0);
  for (let y = 0, at = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++, at++) {
      if (cover[at] !== LAND_VALUE.urban) continue;
      const index = town[at] - 1;
      const settlement = towns[index];
      const across = acrossOf(settlement, leftPx + x, topPx + y);
      const along2 = alongOf(settlement, leftPx + x, topPx + y);
      const column = Math.floor(across / BLOCK.acrossPx);
      const row2 = Math.floor(along2 / BLOCK.alongPx);
      let block = blocks[index];
      if (block === void 0 || block.column !== column || block.row !== row2) {
        block = blockAt(settlement, column, row2, rank[at]);
        blocks[index] = block;
      }
      paintPlot(canvas, at, block, across - column * BLOCK.acrossPx, along2 - row2 * BLOCK.alongPx);
    }
  }
}
function blockAt({ seed }, column, row2, rank) {
  const own = seedOf(column, row2, seed + 1);
  const isDense = rank < DENSE_RANK;
  return { column, row: row2, seed: own, isDense, isHall: !isDense && hashed(0, 9, own) < HALLS };
}
function paintPlot(canvas, at, { seed, isHall, isDense }, u, v) {
  const { palette, grain, mottle, planes, scratch } = canvas;
  if (u < BLOCK.streetPx || v < BLOCK.streetPx) {
    spread(canvas, at, palette.asphalt, 1.05 + 0.06 * grain[at]);
    return;
  }
  const inner = (BLOCK.acrossPx - BLOCK.streetPx) / 2;
  const side = u - BLOCK.streetPx < inner ? 0 : 1;
  const lot = isHall ? Math.floor(v / 46) : Math.floor(v / LOT_PX);
  const own = seedOf(lot, isHall ? 0 : side, seed);
  if (paintRoof(canvas, at, own, { side, isHall, isDense, u, v, lot })) return;
  const paved = isHall ? 0.9 : isDense ? 0.6 : 0.16;
  if (hashed(1, Math.floor(v / 5) + 64 * Math.floor(u / 6), own) < paved) {
    spread(canvas, at, isHall ? palette.gravel : palette.paving, 0.95 + 0.12 * grain[at]);
    return;
  }
  const green = 0.35 + 0.5 * hashed(2, 2, own) + 0.25 * mottle[at];
  mixLand(scratch, palette, green, 0.5, 0.4, 0.95 + 0.1 * hashed(2, 3, own) + 0.12 * grain[at]);
  for (let band = 0; band < planes.length; band++) planes[band][at] = scratch[band];
}
function paintRoof(canvas, at, own, { side, isHall, isDense, u, v, lot }) {
  const { palette, heightsPx, grain } = canvas;
  if (!isHall && hashed(0, 0, own) < 0.06) return false;
  const grown = isDense ? 1.35 : 1;
  const halfU = isHall ? 13 + 4 * hashed(0, 1, own) : (3 + 1.5 * hashed(0, 1, own)) * grown;
  const halfV = isHall ? 14 + 5 * hashed(0, 2, own) : (3.4 + 1.8 * hashed(0, 2, own)) * (isDense ? 1.3 : 1);
  const setback = BLOCK.streetPx + 8.5 + 2 * hashed(0, 3, own);
  const middleU = isHall ? (BLOCK.acrossPx + BLOCK.streetPx) / 2 : side === 0 ? setback : BLOCK.acrossPx + BLOCK.streetPx - setback;
  const middleV = isHall ? lot * 46 + 25 : (lot + 0.5 + 0.12 * (hashed(0, 4, own) - 0.5)) * LOT_PX;
  const du = u - middleU;
  const dv = v - middleV;
  if (Math.abs(du) > halfU || Math.abs(dv) > halfV || v + halfV - dv > BLOCK.alongPx + 3) return false;
  const draw = hashed(0, 5, own);
  const tiled2 = draw < 0.56 ? palette.tile : draw < 0.84 ? palette.slate : palette.metal;
  const roof = isHall ? draw < 0.6 ? palette.metal : palette.slate : tiled2;
  const tone = 0.78 + 0.4 * hashed(0, 6, own) + 0.04 * grain[at];
  spread(canvas, at, roof, tone);
  const slope = halfV >= halfU ? 1 - Math.abs(du) / halfU : 1 - Math.abs(dv) / halfV;
  heightsPx[at] = isHall ? 3.2 : 2.2 + 2.2 * slope * Math.min(halfU, halfV) * 0.25;
  return true;
}
function paintRoads(canvas, { roads }) {
  const { cover, palette, grain, mottle } = canvas;
  for (let at = 0; at < cover.length; at++) {
    if (cover[at] !== LAND_VALUE.road) continue;
    const { halfWidthPx, isDual } = ROADS[roads.kind[at]];
    const middlePx = roads.bankPx[at] + halfWidthPx;
    const tone = 1 + 0.05 * grain[at] + 0.08 * mottle[at];
    if (isDual && middlePx < 1.3) spread(canvas, at, palette.grass, tone);
    else if (roads.bankPx[at] > -1) spread(canvas, at, palette.gravel, 0.85 * tone);
    else if (Math.abs(middlePx - (isDual ? 4.4 : 0)) < 0.45) spread(canvas, at, palette.metal, 0.75 * tone);
    else spread(canvas, at, palette.asphalt, (isDual ? 1.12 : 0.95) * tone);
  }
}
function paintWaters(canvas, { depthPx }) {
  const { cover, palette, grain, mottle, moisture, planes } = canvas;
  const { water, silt } = palette;
  for (let at = 0; at < cover.length; at++) {
    if (cover[at] !== LAND_VALUE.water) continue;
    const muddy = 0.22 + 0.3 * moisture[at] + 0.5 / (1 + 0.35 * depthPx[at]);
    const share = muddy < 0 ? 0 : Math.min(muddy, 1);
    const tone = 1 + 0.04 * mottle[at] + 0.03 * grain[at];
    for (let band = 0; band < planes.length; band++) planes[band][at] = tone * (water[band] + (silt[band] - water[band]) * share);
  }
}
function paintForestFloor(canvas) {
  const { cover, palette, mottle } = canvas;
  for (let at = 0; at < cover.length; at++) {
    if (cover[at] === LAND_VALUE.forest) spread(canvas, at, palette.understorey, 1 + 0.25 * mottle[at]);
  }
}
function spread({ planes }, at, spectrum, tone) {
  for (let band = 0; band < planes.length; band++) planes[band][at] = tone * spectrum[band];
}

// src/synth/country/canvas.ts
var MOTTLE_PX = 15;
var GRAIN_PX = 3.4;
function createCanvas(country, date, window, bands2) {
  const { leftPx, topPx, widthPx, heightPx } = window;
  const area = widthPx * heightPx;
  const noise = (seed2, scalePx2, octaves2) => {
    return noiseGrid({ seed: seed2, scalePx: scalePx2, octaves: octaves2 }, widthPx, heightPx, leftPx, topPx);
  };
  const { seed, scalePx, octaves } = country.moisture;
  return {
    ...{ country, date, leftPx, topPx, widthPx, heightPx },
    palette: paletteOf(bands2),
    cover: new Uint8Array(area),
    heightsPx: new Float32Array(area),
    planes: bands2.map(() => new Float32Array(area)),
    mottle: noise(seed + 1, MOTTLE_PX, 2),
    grain: noise(seed + 2, GRAIN_PX, 2),
    moisture: smoothGrid({ seed, scalePx, octaves }, widthPx, heightPx, leftPx, topPx),
    scratch: new Float64Array(bands2.length)
  };
}

// src/synth/country/shading.ts
var SKYLIGHT = {
  red: 0.36,
  green: 0.42,
  blue: 0.52,
  nir: 0.3,
  swir16: 0.25,
  swir22: 0.22
};
var SLOPE_LIGHT = 0.16;
var HILL_LIGHT = 26;
function sunOf({ moisture: { seed } }, date) {
  const azimuth = (30 + 8 * latticeValue(date, 1, seed + 11)) * Math.PI / 180;
  const elevation = (44 + 5 * latticeValue(date, 2, seed + 11)) * Math.PI / 180;
  return { eastPerSouth: Math.tan(azimuth), risePerSouth: Math.tan(elevation) / Math.cos(azimuth) };
}
function shade(canvas, bands2) {
  const { country, leftPx, topPx, widthPx, heightPx, heightsPx, planes, date } = canvas;
  const sun = sunOf(country, date);
  const norm = 1 / Math.hypot(1, sun.eastPerSouth);
  const [toEast, toSouth] = [sun.eastPerSouth * norm, norm];
  const shadow = shadows(canvas, sun);
  const light = hillLight(country.relief, { leftPx, topPx, widthPx, heightPx }, toEast, toSouth);
  for (let y = 1; y < heightPx - 1; y++) {
    for (let x = 1, at = y * widthPx + 1; x < widthPx - 1; x++, at++) {
      const eastward = heightsPx[at - 1] - heightsPx[at + 1];
      const southward = heightsPx[at - widthPx] - heightsPx[at + widthPx];
      light[at] *= 1 + Math.min(0.6, Math.max(-0.55, SLOPE_LIGHT * (toEast * eastward + toSouth * southward)));
    }
  }
  bands2.forEach((band, index) => {
    const plane2 = planes[index];
    const dark = 1 - SKYLIGHT[band];
    for (let at = 0; at < plane2.length; at++) plane2[at] *= light[at] * (1 - dark * shadow[at]);
  });
}
function hillLight(relief, window, toEast, toSouth) {
  const { leftPx, topPx, widthPx, heightPx } = window;
  const [left, top] = [Math.floor(leftPx / KNOT_PX), Math.floor(topPx / KNOT_PX)];
  const columns = Math.floor((leftPx + widthPx - 1) / KNOT_PX) - left + 2;
  const rows2 = Math.floor((topPx + heightPx - 1) / KNOT_PX) - top + 2;
  const shape = { ...relief, scalePx: relief.scalePx / KNOT_PX };
  const heights = noiseGrid(shape, columns + 2, rows2 + 2, left - 1, top - 1);
  const knots = new Float32Array(columns * rows2);
  for (let row2 = 0; row2 < rows2; row2++) {
    for (let column = 0; column < columns; column++) {
      const at = (row2 + 1) * (columns + 2) + column + 1;
      const eastward = heights[at - 1] - heights[at + 1];
      const southward = heights[at - columns - 2] - heights[at + columns + 2];
      knots[row2 * columns + column] = 1 + HILL_LIGHT / KNOT_PX * (toEast * eastward + toSouth * southward);
    }
  }
  return interpolateKnots(knots, columns, window);
}
function shadows({ widthPx, heightPx, heightsPx }, { eastPerSouth, risePerSouth }) {
  const shadow = new Float32Array(widthPx * heightPx);
  let south = new Float32Array(widthPx + 2);
  let here = new Float32Array(widthPx + 2);
  const whole = Math.floor(eastPerSouth);
  const part = eastPerSouth - whole;
  for (let y = heightPx - 1; y >= 0; y--) {
    for (let x = 0, at = y * widthPx; x < widthPx; x++, at++) {
      const from = Math.min(widthPx, x + whole);
      const ray = south[from] + (south[from + 1] - south[from]) * part - risePerSouth;
      const height = heightsPx[at];
      const above = ray - height;
      shadow[at] = above <= 0 ? 0 : Math.min(above, 1);
      here[x] = above > 0 ? ray : height;
    }
    [south, here] = [here, south];
  }
  return shadow;
}

// src/synth/country/clouds.ts
var SCL = { shadow: 3, vegetation: 4, bare: 5, water: 6, cloudMedium: 8, cloudHigh: 9, cirrus: 10 };
var CLOUD = { scalePx: 520, octaves: 5 };
var CLEAR = 0.46;
var COVERED = 0.34;
var EDGE = 0.12;
var HEIGHT_PX = 85;
function skyOver({ moisture: { seed } }, date, window, amount) {
  const { leftPx, topPx, widthPx, heightPx } = window;
  const own = seed + 500 + 7 * date;
  const sun = sunOf({ moisture: { seed } }, date);
  const southPx = Math.round(HEIGHT_PX / sun.risePerSouth * (1 + 0.2 * latticeValue(date, 3, own)));
  const eastPx = Math.round(southPx * sun.eastPerSouth);
  const opacity = (dx, dy) => {
    const grid = smoothGrid({ ...CLOUD, seed: own }, widthPx, heightPx, leftPx + dx, topPx + dy);
    const threshold = CLEAR - amount * COVERED;
    for (let at = 0; at < grid.length; at++) {
      const share = (grid[at] - threshold) / EDGE;
      grid[at] = share <= 0 ? 0 : share >= 1 ? 1 : share * share * (3 - 2 * share);
    }
    return grid;
  };
  return {
    cloud: opacity(0, 0),
    // What lies in shadow sees a cloud towards the sun.
    shadow: opacity(eastPx, southPx),
    relief: smoothGrid({ seed: own + 1, scalePx: 80, octaves: 2 }, widthPx, heightPx, leftPx, topPx)
  };
}
function sceneClasses({ cloud, shadow }, cover) {
  const { water, forest: forest2, grass: grass2, field } = LAND_VALUE;
  const ofLand = Uint8Array.from({ length: 256 }, (_, value) => {
    if (value === water) return SCL.water;
    return value === forest2 || value === grass2 || value === field ? SCL.vegetation : SCL.bare;
  });
  return cover.map((value, at) => {
    if (cloud[at] > 0.75) return SCL.cloudHigh;
    if (cloud[at] > 0.3) return SCL.cloudMedium;
    if (shadow[at] > 0.3) return SCL.shadow;
    return cloud[at] > 0.05 ? SCL.cirrus : ofLand[value];
  });
}

// src/synth/country/parcels.ts
var DISTRICT_PX = 470;
var JITTER = 0.32;
var CUT = 0.22;
var ASKEW = 0.16;
var AROUND = 9;
var NEAR_PX = 6;
function parcelFinder(farmland) {
  const districts = /* @__PURE__ */ new Map();
  let around = [];
  const xs = new Float64Array(AROUND);
  const ys = new Float64Array(AROUND);
  let cellI = Number.NaN;
  let cellJ = Number.NaN;
  let home;
  let parcel;
  let lastX = 0;
  let lastY = 0;
  let safePx = 0;
  let edge = 0;
  const enter = (i, j) => {
    around = Array.from({ length: AROUND }, (_, k) => {
      const [column, row2] = [i + k % 3 - 1, j + Math.floor(k / 3) - 1];
      const key = row2 * 65536 + column;
      const district = districts.get(key) ?? districtAt(column, row2, farmland.seed);
      districts.set(key, district);
      return district;
    });
    around.forEach((district, k) => {
      xs[k] = district.x;
      ys[k] = district.y;
    });
    cellI = i;
    cellJ = j;
    home = void 0;
  };
  const settle = (x, y) => {
    let nearest = Number.POSITIVE_INFINITY;
    let second = nearest;
    let first = 0;
    let next = 0;
    for (let k = 0; k < AROUND; k++) {
      const dx = x - xs[k];
      const dy = y - ys[k];
      const squared = dx * dx + dy * dy;
      if (squared < nearest) {
        second = nearest;
        next = first;
        nearest = squared;
        first = k;
      } else if (squared < second) {
        second = squared;
        next = k;
      }
    }
    safePx = (Math.sqrt(second) - Math.sqrt(nearest)) / 2;
    lastX = x;
    lastY = y;
    edge = (second - nearest) / (2 * Math.sqrt((xs[first] - xs[next]) ** 2 + (ys[first] - ys[next]) ** 2));
    return around[first];
  };
  return {
    find(x, y) {
      const i = Math.floor(x / DISTRICT_PX);
      const j = Math.floor(y / DISTRICT_PX);
      if (i !== cellI || j !== cellJ) enter(i, j);
      const left = safePx - Math.abs(x - lastX) - Math.abs(y - lastY);
      if (home === void 0 || left < NEAR_PX) {
        const nearest = settle(x, y);
        if (nearest !== home) parcel = void 0;
        home = nearest;
      } else edge = left;
      const u = (x - home.x) * home.cos + (y - home.y) * home.sin;
      const v = (y - home.y) * home.cos - (x - home.x) * home.sin;
      if (parcel === void 0 || !(u >= parcel.stripStart && u < parcel.stripEnd && v >= parcel.pieceStart && v < parcel.pieceEnd)) {
        parcel = parcelAt(home, u, v, farmland);
      }
      const ofStrip = Math.min(u - parcel.stripStart, parcel.stripEnd - u);
      edge = Math.min(edge, ofStrip, v - parcel.pieceStart, parcel.pieceEnd - v);
      return parcel;
    },
    isAtEdge: (withinPx) => edge < withinPx
  };
}
function districtAt(column, row2, seed) {
  const own = seedOf(column, row2, seed);
  const angle = Math.PI * hashed(0, 0, own);
  return {
    x: (column + 0.5 + JITTER * latticeValue(0, 1, own)) * DISTRICT_PX,
    y: (row2 + 0.5 + JITTER * latticeValue(0, 2, own)) * DISTRICT_PX,
    seed: own,
    cos: Math.cos(angle),
    sin: Math.sin(angle),
    stripPx: 84 + 46 * hashed(0, 3, own),
    lengthPx: 120 + 110 * hashed(0, 4, own),
    parcels: /* @__PURE__ */ new Map()
  };
}
function parcelAt({ x, y, seed, cos, sin, stripPx, lengthPx, parcels }, u, v, farmland) {
  const strip = cutAt(u, stripPx, seed, 17);
  const shift = hashed(strip, 3, seed) * lengthPx;
  const piece = cutAt(v + shift, lengthPx, seed, strip);
  const key = strip * 4096 + piece;
  const known = parcels.get(key);
  if (known !== void 0) return known;
  const [stripStart, stripEnd] = [cutStart(strip, stripPx, seed, 17), cutStart(strip + 1, stripPx, seed, 17)];
  const pieceStart = cutStart(piece, lengthPx, seed, strip) - shift;
  const pieceEnd = cutStart(piece + 1, lengthPx, seed, strip) - shift;
  const id = seedOf(strip, piece, seed);
  const [mu, mv] = [(stripStart + stripEnd) / 2, (pieceStart + pieceEnd) / 2];
  const isTilled = noiseAt(farmland.soil, x + mu * cos - mv * sin, y + mu * sin + mv * cos) > farmland.threshold;
  const turn = (hashed(1, 1, id) < 0.4 ? Math.PI / 2 : 0) + ASKEW * latticeValue(1, 2, id);
  const rows2 = { cos: cos * Math.cos(turn) - sin * Math.sin(turn), sin: sin * Math.cos(turn) + cos * Math.sin(turn) };
  const parcel = { id, isTilled, ...rows2, stripStart, stripEnd, pieceStart, pieceEnd };
  parcels.set(key, parcel);
  return parcel;
}
function cutAt(place, length, seed, key) {
  const index = Math.floor(place / length);
  if (place < cutStart(index, length, seed, key)) return index - 1;
  return place >= cutStart(index + 1, length, seed, key) ? index + 1 : index;
}
function cutStart(index, length, seed, key) {
  return (index + CUT * latticeValue(index, key, seed)) * length;
}

// src/synth/country/cover.ts
var ROAD_EDGE_PX = 1;
function decideCover(canvas) {
  const { country, date, leftPx, topPx, widthPx, heightPx, cover } = canvas;
  const { waters, forest: forest2, bare: bare2, farmland, clearings } = country;
  const box = { left: leftPx, top: topPx, right: leftPx + widthPx, bottom: topPx + heightPx };
  const noise = (shape) => smoothGrid(shape, widthPx, heightPx, leftPx, topPx);
  const depthPx = surveyWaters(canvas, noise(waters.shore));
  const roads = ribbonDistances(country.roads, canvas, date, ROAD_EDGE_PX);
  const towns = country.settlements.near(box);
  const { town, rank } = surveyTowns(canvas, towns);
  const woods = noise(forest2.field);
  const stones = noise(bare2.field);
  const cuts = clearingsNear(clearings, box, date);
  const edge = cuts.length === 0 ? void 0 : noiseGrid(clearings.edge, widthPx, heightPx, leftPx, topPx);
  const parcels = parcelFinder(farmland);
  const { water, road, urban: urban2, field, grass: grass2 } = LAND_VALUE;
  for (let y = 0, at = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++, at++) {
      if (roads.bankPx[at] <= 0) cover[at] = road;
      else if (depthPx[at] > 0) cover[at] = water;
      else if (town[at] > 0) cover[at] = urban2;
      else {
        const isWood = woods[at] > forest2.threshold;
        const cleared = isWood && edge !== void 0 ? clearedTo(cuts, leftPx + x, topPx + y, edge[at]) : 0;
        if (isWood && cleared === 0) cover[at] = LAND_VALUE.forest;
        else if (cleared === 0 && stones[at] > bare2.threshold) cover[at] = LAND_VALUE.bare;
        else if (cleared !== 0) cover[at] = cleared;
        else cover[at] = parcels.find(leftPx + x, topPx + y).isTilled ? field : grass2;
      }
    }
  }
  return { roads, depthPx, towns, town, rank };
}
function surveyWaters({ country, leftPx, topPx, widthPx, heightPx }, shore) {
  const { rivers, lakes } = country.waters;
  const depthPx = ribbonDistances(rivers, { leftPx, topPx, widthPx, heightPx }, 0, BANK_PX + 1).bankPx;
  for (let at = 0; at < depthPx.length; at++) depthPx[at] = riverDepth(depthPx[at], shore[at]);
  const [right, bottom] = [leftPx + widthPx - 1, topPx + heightPx - 1];
  for (const lake of lakes.near({ left: leftPx, top: topPx, right, bottom })) {
    const box = lakeBox(lake);
    for (let y = Math.max(topPx, Math.ceil(box.top)); y <= Math.min(bottom, box.bottom); y++) {
      for (let x = Math.max(leftPx, Math.ceil(box.left)); x <= Math.min(right, box.right); x++) {
        const at = (y - topPx) * widthPx + x - leftPx;
        depthPx[at] = Math.max(depthPx[at], lakeDepth(lake, x, y, shore[at]));
      }
    }
  }
  return depthPx;
}
function surveyTowns({ country, date, leftPx, topPx, widthPx, heightPx }, towns) {
  const town = new Uint16Array(widthPx * heightPx);
  const rank = new Float32Array(widthPx * heightPx);
  towns.forEach((settlement, index) => {
    const box = country.settlements.boxOf(settlement);
    const [right, bottom] = [Math.min(leftPx + widthPx - 1, box.right), Math.min(topPx + heightPx - 1, box.bottom)];
    let column = Number.NaN;
    let row2 = Number.NaN;
    let built;
    for (let y = Math.max(topPx, Math.ceil(box.top)); y <= bottom; y++) {
      for (let x = Math.max(leftPx, Math.ceil(box.left)); x <= right; x++) {
        const i = Math.floor(acrossOf(settlement, x, y) / BLOCK.acrossPx);
        const j = Math.floor(alongOf(settlement, x, y) / BLOCK.alongPx);
        if (i !== column || j !== row2) {
          built = blockRank(settlement, i, j, date);
          column = i;
          row2 = j;
        }
        const at = (y - topPx) * widthPx + x - leftPx;
        if (built === void 0 || town[at] > 0) continue;
        town[at] = index + 1;
        rank[at] = built;
      }
    }
  });
  return { town, rank };
}

// src/synth/country/open-land.ts
var SINE_STEPS = 1024;
var SINE = Float32Array.from({ length: SINE_STEPS }, (_, k) => Math.sin(2 * Math.PI * k / SINE_STEPS));
var sine = (turns) => SINE[Math.floor(turns * SINE_STEPS) & SINE_STEPS - 1];
var CROPS = [
  { upTo: 0.36, mixture: (a, b, c) => ({ green: 0.5 + 0.48 * a, dry: b, lush: 0.75 * c, tone: 0.86 + 0.28 * b }) },
  { upTo: 0.66, mixture: (a, b, c) => ({ green: 0.3 * a * a, dry: c, lush: 0, tone: 0.85 + 0.35 * b }) },
  { upTo: 0.83, mixture: (a, b, c) => ({ green: 0.86 + 0.14 * a, dry: 0.4, lush: 0.4 + 0.6 * c, tone: 0.55 + 0.3 * b }) },
  { upTo: 1, mixture: (a, b, c) => ({ green: 0.22 + 0.36 * a, dry: 0.7 * c, lush: 0.5, tone: 0.8 + 0.3 * b }) }
];
var SAME_CROP = 0.2;
var ROW_PX = [4.3, 5.8];
var PATCH_TURNS = 0.5;
var STONE_TURNS = 0.45;
var HEDGE_PX = 1.6;
function paintOpenLand(canvas) {
  const { country, date, palette, leftPx, topPx, widthPx, heightPx, cover, planes, mottle, grain, moisture, scratch } = canvas;
  const parcels = parcelFinder(country.farmland);
  const { field, grass: grass2, bare: bare2 } = LAND_VALUE;
  const tilled = /* @__PURE__ */ new Map();
  const meadows = /* @__PURE__ */ new Map();
  const lookOf = (looks, parcel2, make) => {
    const known = looks.get(parcel2);
    if (known !== void 0) return known;
    const look = make(parcel2, date, palette);
    looks.set(parcel2, look);
    return look;
  };
  let parcel;
  let ofField;
  let ofMeadow;
  for (let y = 0, at = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++, at++) {
      const class_ = cover[at];
      if (class_ === bare2) {
        const swing = sine(STONE_TURNS * grain[at]);
        const wet = moisture[at];
        const depth = 0.27 + 0.1 * mottle[at];
        mixLand(
          scratch,
          palette,
          0.12 + 0.26 * wet + 0.07 * swing,
          Math.min(1, Math.max(0, 0.5 + wet)),
          0.3,
          1 + 0.2 * wet + depth * swing
        );
        for (let band = 0; band < planes.length; band++) planes[band][at] = scratch[band];
        continue;
      }
      if (class_ !== field && class_ !== grass2) continue;
      const worldX = leftPx + x;
      const worldY = topPx + y;
      const found = parcels.find(worldX, worldY);
      if (found !== parcel) {
        parcel = found;
        ofField = void 0;
        ofMeadow = void 0;
      }
      let share;
      let look;
      if (class_ === field) {
        ofField ??= lookOf(tilled, found, fieldLook);
        look = ofField;
        const across = worldX * found.cos + worldY * found.sin;
        share = 0.5 + 0.5 * sine(look.turns * across + look.phase + 0.12 * mottle[at]);
        if (parcels.isAtEdge(HEDGE_PX)) share = 0.35 + 0.4 * grain[at];
      } else {
        ofMeadow ??= lookOf(meadows, found, meadowLook);
        look = ofMeadow;
        share = 0.5 + 0.5 * sine(PATCH_TURNS * mottle[at]);
      }
      const tone = 1 + 0.05 * grain[at] + 0.1 * moisture[at];
      const { crest, trough } = look;
      for (let band = 0; band < planes.length; band++) {
        planes[band][at] = tone * (trough[band] + (crest[band] - trough[band]) * share);
      }
    }
  }
}
function fieldLook({ id }, date, palette) {
  let sown = date;
  while (sown > 0 && hashed(sown, 5, id) < SAME_CROP) sown--;
  const own = seedOf(sown, 1, id);
  const draw = hashed(0, 0, own);
  const crop = CROPS.find(({ upTo }) => draw < upTo) ?? CROPS[0];
  const mixture = crop.mixture(hashed(0, 1, own), hashed(0, 2, own), hashed(0, 3, own));
  const swings = { toneSwing: 0.25 + 0.15 * hashed(0, 4, own), greenSwing: 0.22 * hashed(0, 5, own) };
  return {
    ...spectraOf({ ...mixture, ...swings }, palette),
    turns: 1 / (ROW_PX[0] + (ROW_PX[1] - ROW_PX[0]) * hashed(0, 6, id)),
    phase: hashed(0, 7, id)
  };
}
function meadowLook({ id }, date, palette) {
  const own = seedOf(date, 2, id);
  const mixture = {
    green: 0.52 + 0.3 * hashed(0, 1, id) + 0.16 * hashed(0, 2, own),
    dry: 0.3 + 0.7 * hashed(0, 3, own),
    lush: 0.6 * hashed(0, 4, id),
    tone: 0.86 + 0.26 * hashed(0, 5, own),
    toneSwing: 0.13 + 0.17 * hashed(0, 6, id),
    greenSwing: 0.05 + 0.16 * hashed(0, 7, id)
  };
  return { ...spectraOf(mixture, palette), turns: 0, phase: 0.25 * hashed(0, 8, id) };
}
function spectraOf({ green, dry, lush, tone, toneSwing, greenSwing }, palette) {
  const crest = new Float64Array(palette.soil.length);
  const trough = new Float64Array(palette.soil.length);
  mixLand(crest, palette, green + greenSwing, dry, lush, tone * (1 + toneSwing));
  mixLand(trough, palette, green - greenSwing, dry, lush, tone * (1 - toneSwing));
  return { crest, trough };
}

// src/synth/country/sensing.ts
var MOST_SHIFT_PX = 1.6;
var GAIN = 0.14;
var OFFSET = 0.012;
var AIR = {
  red: { light: 0.12, veil: 0.42 },
  green: { light: 0.135, veil: 0.48 },
  blue: { light: 0.155, veil: 0.55 },
  nir: { light: 0.11, veil: 0.3 },
  swir16: { light: 0.06, veil: 0.16 },
  swir22: { light: 0.05, veil: 0.12 }
};
var CLOUD_REFLECTANCE = 0.56;
var CLOUD_SHADE = 0.62;
var NOISE = 0.3;
var BANDS_PER_HASH = 4;
var BLUR_PX = 0.52;
var LENS_PX = 2 + Math.ceil(MOST_SHIFT_PX);
function shiftOf({ moisture: { seed } }, date, amount) {
  const strength = date === 0 ? 0 : amount;
  const own = (k) => strength === 0 ? 0 : strength * latticeValue(date, k, seed + 31);
  const common = own(0);
  return {
    eastPx: MOST_SHIFT_PX * own(1),
    southPx: MOST_SHIFT_PX * own(2),
    gains: COUNTRY_BANDS.map((_, band) => 1 + GAIN * (0.5 * common + 0.5 * own(10 + band))),
    offsets: COUNTRY_BANDS.map((_, band) => OFFSET * own(20 + band))
  };
}
function sense(canvas, window, bands2, { haze, shift, sky }) {
  const { widthPx, heightPx } = window;
  const area = widthPx * heightPx;
  const dice = new Int32Array(area);
  let rolled = -1;
  const { seed } = canvas.country.moisture;
  const out = new Uint16Array(bands2.length * area);
  const veils = haze > 0 ? veilOver(seed + 41 + canvas.date, window, haze) : void 0;
  const lens = { across: kernel(shift.eastPx), down: kernel(shift.southPx) };
  bands2.forEach((band, index) => {
    const light = throughLens(canvas, canvas.planes[index], window, lens);
    const { light: airlight, veil } = AIR[band];
    const column = COUNTRY_BANDS.indexOf(band);
    const [gain, offset] = [shift.gains[column], shift.offsets[column]];
    if (sky !== void 0) overcast(light, sky);
    if (veils !== void 0) for (let at = 0; at < area; at++) light[at] += (airlight - light[at]) * veil * veils[at];
    const group = Math.floor(column / BANDS_PER_HASH);
    if (group !== rolled) rollNoise(dice, window, seed + 900 + 17 * canvas.date + group);
    rolled = group;
    const byte = 8 * (column % BANDS_PER_HASH);
    const target = out.subarray(index * area, (index + 1) * area);
    for (let at = 0; at < area; at++) {
      const noise = NOISE * ((dice[at] >>> byte & 255) - 127.5);
      const stored = 1e4 * (gain * light[at] + offset) + noise + 0.5;
      target[at] = Math.min(65535, Math.max(1, stored));
    }
  });
  return out;
}
function rollNoise(dice, { leftPx, topPx, widthPx, heightPx }, seed) {
  for (let y = 0, at = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++, at++) dice[at] = latticeValue(leftPx + x, topPx + y, seed) * 2147483648;
  }
}
function overcast(light, { cloud, shadow, relief }) {
  for (let at = 0; at < light.length; at++) {
    const dimmed = light[at] * (1 - CLOUD_SHADE * shadow[at]);
    light[at] = dimmed + (CLOUD_REFLECTANCE * (1 + 0.15 * relief[at]) - dimmed) * cloud[at];
  }
}
function veilOver(seed, { leftPx, topPx, widthPx, heightPx }, haze) {
  const veil = smoothGrid({ seed, scalePx: 1300, octaves: 3 }, widthPx, heightPx, leftPx, topPx);
  for (let at = 0; at < veil.length; at++) veil[at] = haze * (0.68 + 0.4 * veil[at]);
  return veil;
}
function kernel(shiftPx) {
  const first = Math.round(shiftPx) - 2;
  const taps = Float64Array.from({ length: 5 }, (_, k) => Math.exp(-((first + k - shiftPx) ** 2) / (2 * BLUR_PX ** 2)));
  const sum3 = taps.reduce((total, tap) => total + tap, 0);
  return { first, taps: taps.map((tap) => tap / sum3) };
}
function throughLens(canvas, plane2, { leftPx, topPx, widthPx, heightPx }, { across, down }) {
  const stride = canvas.widthPx;
  const [left, top] = [leftPx - canvas.leftPx, topPx - canvas.topPx];
  const rows2 = new Float32Array(widthPx * (heightPx + 4));
  const [a, b, c, d, e] = across.taps;
  for (let y = 0, at = 0; y < heightPx + 4; y++) {
    let from = (top + y + down.first) * stride + left + across.first;
    for (let x = 0; x < widthPx; x++, at++, from++) {
      rows2[at] = a * plane2[from] + b * plane2[from + 1] + c * plane2[from + 2] + d * plane2[from + 3] + e * plane2[from + 4];
    }
  }
  const out = new Float32Array(widthPx * heightPx);
  const [f, g, h, i, j] = down.taps;
  for (let at = 0, end = out.length; at < end; at++) {
    const below = at + 2 * widthPx;
    out[at] = f * rows2[at] + g * rows2[at + widthPx] + h * rows2[below] + i * rows2[below + widthPx] + j * rows2[below + 2 * widthPx];
  }
  return out;
}

// src/synth/country/trees.ts
var { forest, grass, urban, bare } = LAND_VALUE;
var PLANTINGS = [
  { ground: forest, spacingPx: 4.9, density: 0.95, radiusPx: 3, salt: 100 },
  { ground: grass, spacingPx: 21, density: 0.09, radiusPx: 2.5, salt: 200 },
  { ground: bare, spacingPx: 25, density: 0.05, radiusPx: 1.8, salt: 300 },
  { ground: urban, spacingPx: 8, density: 0.4, radiusPx: 2, salt: 400 }
];
var JITTER2 = 0.42;
var GAP = 0.5;
var MOST_RADIUS_PX = 4.6;
var STANDS = { scalePx: 260, octaves: 3 };
var TURNED = [0.02, 0.16, 0.06, 0.3];
function plantTrees(canvas) {
  const { country, leftPx, topPx, widthPx, heightPx, cover } = canvas;
  const seed = country.moisture.seed;
  const stands = smoothGrid({ ...STANDS, seed: seed + 3 }, widthPx, heightPx, leftPx, topPx);
  const turned = TURNED[canvas.date % TURNED.length];
  const { conifer, broadleaf, turning } = canvas.palette;
  for (const { ground, spacingPx, density, radiusPx, salt } of PLANTINGS) {
    if (!cover.includes(ground)) continue;
    const own = seed + salt;
    const lastRow = Math.ceil((topPx + heightPx) / spacingPx);
    const lastColumn = Math.ceil((leftPx + widthPx) / spacingPx);
    for (let j = Math.floor(topPx / spacingPx) - 1; j <= lastRow; j++) {
      for (let i = Math.floor(leftPx / spacingPx) - 1; i <= lastColumn; i++) {
        if (hashed(i, j, own) >= density) continue;
        const x = (i + 0.5 + JITTER2 * latticeValue(i, j, own + 1)) * spacingPx - leftPx;
        const y = (j + 0.5 + JITTER2 * latticeValue(i, j, own + 2)) * spacingPx - topPx;
        const [column, row2] = [Math.round(x), Math.round(y)];
        if (column < 0 || row2 < 0 || column >= widthPx || row2 >= heightPx) continue;
        const near = row2 * widthPx + column;
        if (cover[near] !== ground || canvas.heightsPx[near] > GAP) continue;
        const isConifer = stands[near] + 0.3 * latticeValue(i, j, own + 3) > 0.06;
        const age = 1 + 0.3 * canvas.mottle[near] + 0.22 * latticeValue(i, j, own + 4);
        const leaf = hashed(i, j, own + 5) < turned ? turning : broadleaf;
        plant(canvas, {
          ...{ x, y, spectrum: isConifer ? conifer : leaf, isConifer, ground },
          radiusPx: Math.min(MOST_RADIUS_PX, (isConifer ? 0.82 : 1.05) * radiusPx * age),
          peakPx: (isConifer ? 5 : 4.2) * Math.sqrt(radiusPx / 3) * age,
          tone: 1 + 0.24 * latticeValue(i, j, own + 6)
        });
      }
    }
  }
}
function plant(canvas, { x, y, radiusPx, peakPx, spectrum, isConifer, tone, ground }) {
  const { widthPx, heightPx, cover, heightsPx, planes, grain, palette } = canvas;
  const { understorey } = palette;
  const last = Math.min(heightPx - 1, Math.floor(y + radiusPx));
  const right = Math.min(widthPx - 1, Math.floor(x + radiusPx));
  for (let row2 = Math.max(0, Math.ceil(y - radiusPx)); row2 <= last; row2++) {
    for (let column = Math.max(0, Math.ceil(x - radiusPx)); column <= right; column++) {
      const squared = ((column - x) * (column - x) + (row2 - y) * (row2 - y)) / (radiusPx * radiusPx);
      const at = row2 * widthPx + column;
      const free = cover[at] === ground || ground === forest && isOpen(cover[at]);
      if (squared > 1 || !free) continue;
      const height = peakPx * (isConifer ? 1 - 0.75 * Math.sqrt(squared) : Math.sqrt(1 - 0.8 * squared));
      if (height <= heightsPx[at]) continue;
      heightsPx[at] = height;
      if (ground === forest) cover[at] = forest;
      const under = 0.45 * squared;
      const shade2 = tone * (1 + 0.15 * grain[at]);
      for (let band = 0; band < planes.length; band++) {
        planes[band][at] = shade2 * (spectrum[band] * (1 - under) + understorey[band] * under);
      }
    }
  }
}
function isOpen(class_) {
  return class_ === grass || class_ === bare || class_ === LAND_VALUE.field;
}

// src/synth/country/render-window.ts
var SHADOW_PX = 8;
var MARGIN_PX = Math.ceil(MOST_RADIUS_PX) + SHADOW_PX + LENS_PX + 2;
function renderWindow(country, view) {
  const { date, window, bands: bands2, haze = 0, shift = 0, clouds = 0 } = view;
  const { leftPx, topPx, widthPx, heightPx } = window;
  if (!(date >= 0 && date < country.dates)) throw new RangeError(`there is no date ${date} of ${country.dates}`);
  if (Math.min(leftPx, topPx) < 0 || Math.max(leftPx + widthPx, topPx + heightPx) > country.sizePx) {
    throw new RangeError(`${widthPx} \xD7 ${heightPx} pixels at ${leftPx}, ${topPx} are not inside ${country.sizePx} pixels`);
  }
  const canvas = createCanvas(country, date, widened(window), bands2);
  const survey2 = decideCover(canvas);
  paintOpenLand(canvas);
  paintForestFloor(canvas);
  paintWaters(canvas, survey2);
  paintRoads(canvas, survey2);
  paintTowns(canvas, survey2);
  plantTrees(canvas);
  shade(canvas, bands2);
  const sky = clouds > 0 ? skyOver(country, date, window, clouds) : void 0;
  const data = sense(canvas, window, bands2, { haze, shift: shiftOf(country, date, shift), sky });
  const classes = cropped(canvas.cover, window);
  const georeference = { crs: crsOfEpsg(country.epsg), transform: placedTransform(country.transform, { leftPx, topPx }) };
  const scaling = bands2.map(() => ({ scale: 1e-4, offset: 0 }));
  return {
    raster: { bands: bands2, widthPx, heightPx, dtype: "uint16", data, nodata: 0, georeference, scaling },
    classes,
    ...sky !== void 0 && { clouds: sceneClasses(sky, classes) }
  };
}
function widened({ leftPx, topPx, widthPx, heightPx }) {
  return {
    leftPx: leftPx - MARGIN_PX,
    topPx: topPx - MARGIN_PX,
    widthPx: widthPx + 2 * MARGIN_PX,
    heightPx: heightPx + 2 * MARGIN_PX
  };
}
function cropped(plane2, { widthPx, heightPx }) {
  const out = new Uint8Array(widthPx * heightPx);
  const stride = widthPx + 2 * MARGIN_PX;
  for (let y = 0; y < heightPx; y++) {
    const from = (y + MARGIN_PX) * stride + MARGIN_PX;
    out.set(plane2.subarray(from, from + widthPx), y * widthPx);
  }
  return out;
}

// src/onnx/proto.ts
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";

// src/onnx/onnx_pb.ts
import { fileDesc, messageDesc } from "@bufbuild/protobuf/codegenv2";
var file_onnx_onnx = /* @__PURE__ */ fileDesc("Cg9vbm54L29ubngucHJvdG8SBG9ubngizAMKDkF0dHJpYnV0ZVByb3RvEgwKBG5hbWUYASABKAkSCQoBZhgCIAEoAhIJCgFpGAMgASgDEgkKAXMYBCABKAwSHAoBdBgFIAEoCzIRLm9ubnguVGVuc29yUHJvdG8SGwoBZxgGIAEoCzIQLm9ubnguR3JhcGhQcm90bxIOCgZmbG9hdHMYByADKAISDAoEaW50cxgIIAMoAxIPCgdzdHJpbmdzGAkgAygMEiIKB3RlbnNvcnMYCiADKAsyES5vbm54LlRlbnNvclByb3RvEiAKBmdyYXBocxgLIAMoCzIQLm9ubnguR3JhcGhQcm90bxISCgpkb2Nfc3RyaW5nGA0gASgJEhsKAnRwGA4gASgLMg8ub25ueC5UeXBlUHJvdG8SJAoLdHlwZV9wcm90b3MYDyADKAsyDy5vbm54LlR5cGVQcm90bxIMCgR0eXBlGBQgASgFEhUKDXJlZl9hdHRyX25hbWUYFSABKAkSLgoNc3BhcnNlX3RlbnNvchgWIAEoCzIXLm9ubnguU3BhcnNlVGVuc29yUHJvdG8SLwoOc3BhcnNlX3RlbnNvcnMYFyADKAsyFy5vbm54LlNwYXJzZVRlbnNvclByb3RvIocBCg5WYWx1ZUluZm9Qcm90bxIMCgRuYW1lGAEgASgJEh0KBHR5cGUYAiABKAsyDy5vbm54LlR5cGVQcm90bxISCgpkb2Nfc3RyaW5nGAMgASgJEjQKDm1ldGFkYXRhX3Byb3BzGAQgAygLMhwub25ueC5TdHJpbmdTdHJpbmdFbnRyeVByb3RvIt4BCglOb2RlUHJvdG8SDQoFaW5wdXQYASADKAkSDgoGb3V0cHV0GAIgAygJEgwKBG5hbWUYAyABKAkSDwoHb3BfdHlwZRgEIAEoCRInCglhdHRyaWJ1dGUYBSADKAsyFC5vbm54LkF0dHJpYnV0ZVByb3RvEhIKCmRvY19zdHJpbmcYBiABKAkSDgoGZG9tYWluGAcgASgJEhAKCG92ZXJsb2FkGAggASgJEjQKDm1ldGFkYXRhX3Byb3BzGAkgAygLMhwub25ueC5TdHJpbmdTdHJpbmdFbnRyeVByb3RvItYBChFUcmFpbmluZ0luZm9Qcm90bxIoCg5pbml0aWFsaXphdGlvbhgBIAEoCzIQLm9ubnguR3JhcGhQcm90bxIjCglhbGdvcml0aG0YAiABKAsyEC5vbm54LkdyYXBoUHJvdG8SPAoWaW5pdGlhbGl6YXRpb25fYmluZGluZxgDIAMoCzIcLm9ubnguU3RyaW5nU3RyaW5nRW50cnlQcm90bxI0Cg51cGRhdGVfYmluZGluZxgEIAMoCzIcLm9ubnguU3RyaW5nU3RyaW5nRW50cnlQcm90byLrAgoKTW9kZWxQcm90bxISCgppcl92ZXJzaW9uGAEgASgDEhUKDXByb2R1Y2VyX25hbWUYAiABKAkSGAoQcHJvZHVjZXJfdmVyc2lvbhgDIAEoCRIOCgZkb21haW4YBCABKAkSFQoNbW9kZWxfdmVyc2lvbhgFIAEoAxISCgpkb2Nfc3RyaW5nGAYgASgJEh8KBWdyYXBoGAcgASgLMhAub25ueC5HcmFwaFByb3RvEi4KDG9wc2V0X2ltcG9ydBgIIAMoCzIYLm9ubnguT3BlcmF0b3JTZXRJZFByb3RvEjQKDm1ldGFkYXRhX3Byb3BzGA4gAygLMhwub25ueC5TdHJpbmdTdHJpbmdFbnRyeVByb3RvEi4KDXRyYWluaW5nX2luZm8YFCADKAsyFy5vbm54LlRyYWluaW5nSW5mb1Byb3RvEiYKCWZ1bmN0aW9ucxgZIAMoCzITLm9ubnguRnVuY3Rpb25Qcm90byI0ChZTdHJpbmdTdHJpbmdFbnRyeVByb3RvEgsKA2tleRgBIAEoCRINCgV2YWx1ZRgCIAEoCSJrChBUZW5zb3JBbm5vdGF0aW9uEhMKC3RlbnNvcl9uYW1lGAEgASgJEkIKHHF1YW50X3BhcmFtZXRlcl90ZW5zb3JfbmFtZXMYAiADKAsyHC5vbm54LlN0cmluZ1N0cmluZ0VudHJ5UHJvdG8ijgMKCkdyYXBoUHJvdG8SHQoEbm9kZRgBIAMoCzIPLm9ubnguTm9kZVByb3RvEgwKBG5hbWUYAiABKAkSJgoLaW5pdGlhbGl6ZXIYBSADKAsyES5vbm54LlRlbnNvclByb3RvEhIKCmRvY19zdHJpbmcYCiABKAkSIwoFaW5wdXQYCyADKAsyFC5vbm54LlZhbHVlSW5mb1Byb3RvEiQKBm91dHB1dBgMIAMoCzIULm9ubnguVmFsdWVJbmZvUHJvdG8SKAoKdmFsdWVfaW5mbxgNIAMoCzIULm9ubnguVmFsdWVJbmZvUHJvdG8SNwoXcXVhbnRpemF0aW9uX2Fubm90YXRpb24YDiADKAsyFi5vbm54LlRlbnNvckFubm90YXRpb24SMwoSc3BhcnNlX2luaXRpYWxpemVyGA8gAygLMhcub25ueC5TcGFyc2VUZW5zb3JQcm90bxI0Cg5tZXRhZGF0YV9wcm9wcxgQIAMoCzIcLm9ubnguU3RyaW5nU3RyaW5nRW50cnlQcm90byLGAwoLVGVuc29yUHJvdG8SDAoEZGltcxgBIAMoAxIRCglkYXRhX3R5cGUYAiABKAUSKgoHc2VnbWVudBgDIAEoCzIZLm9ubnguVGVuc29yUHJvdG8uU2VnbWVudBIWCgpmbG9hdF9kYXRhGAQgAygCQgIQARIWCgppbnQzMl9kYXRhGAUgAygFQgIQARITCgtzdHJpbmdfZGF0YRgGIAMoDBIWCgppbnQ2NF9kYXRhGAcgAygDQgIQARIMCgRuYW1lGAggASgJEhAKCHJhd19kYXRhGAkgASgMEhcKC2RvdWJsZV9kYXRhGAogAygBQgIQARIXCgt1aW50NjRfZGF0YRgLIAMoBEICEAESEgoKZG9jX3N0cmluZxgMIAEoCRIzCg1leHRlcm5hbF9kYXRhGA0gAygLMhwub25ueC5TdHJpbmdTdHJpbmdFbnRyeVByb3RvEhUKDWRhdGFfbG9jYXRpb24YDiABKAUSNAoObWV0YWRhdGFfcHJvcHMYECADKAsyHC5vbm54LlN0cmluZ1N0cmluZ0VudHJ5UHJvdG8aJQoHU2VnbWVudBINCgViZWdpbhgBIAEoAxILCgNlbmQYAiABKAMiaAoRU3BhcnNlVGVuc29yUHJvdG8SIQoGdmFsdWVzGAEgASgLMhEub25ueC5UZW5zb3JQcm90bxIiCgdpbmRpY2VzGAIgASgLMhEub25ueC5UZW5zb3JQcm90bxIMCgRkaW1zGAMgAygDIpUBChBUZW5zb3JTaGFwZVByb3RvEi0KA2RpbRgBIAMoCzIgLm9ubnguVGVuc29yU2hhcGVQcm90by5EaW1lbnNpb24aUgoJRGltZW5zaW9uEhMKCWRpbV92YWx1ZRgBIAEoA0gAEhMKCWRpbV9wYXJhbRgCIAEoCUgAEhIKCmRlbm90YXRpb24YAyABKAlCBwoFdmFsdWUipQUKCVR5cGVQcm90bxItCgt0ZW5zb3JfdHlwZRgBIAEoCzIWLm9ubnguVHlwZVByb3RvLlRlbnNvckgAEjEKDXNlcXVlbmNlX3R5cGUYBCABKAsyGC5vbm54LlR5cGVQcm90by5TZXF1ZW5jZUgAEicKCG1hcF90eXBlGAUgASgLMhMub25ueC5UeXBlUHJvdG8uTWFwSAASLQoLb3BhcXVlX3R5cGUYByABKAsyFi5vbm54LlR5cGVQcm90by5PcGFxdWVIABI6ChJzcGFyc2VfdGVuc29yX3R5cGUYCCABKAsyHC5vbm54LlR5cGVQcm90by5TcGFyc2VUZW5zb3JIABIxCg1vcHRpb25hbF90eXBlGAkgASgLMhgub25ueC5UeXBlUHJvdG8uT3B0aW9uYWxIABISCgpkZW5vdGF0aW9uGAYgASgJGkIKBlRlbnNvchIRCgllbGVtX3R5cGUYASABKAUSJQoFc2hhcGUYAiABKAsyFi5vbm54LlRlbnNvclNoYXBlUHJvdG8aLgoIU2VxdWVuY2USIgoJZWxlbV90eXBlGAEgASgLMg8ub25ueC5UeXBlUHJvdG8aPAoDTWFwEhAKCGtleV90eXBlGAEgASgFEiMKCnZhbHVlX3R5cGUYAiABKAsyDy5vbm54LlR5cGVQcm90bxouCghPcHRpb25hbBIiCgllbGVtX3R5cGUYASABKAsyDy5vbm54LlR5cGVQcm90bxpICgxTcGFyc2VUZW5zb3ISEQoJZWxlbV90eXBlGAEgASgFEiUKBXNoYXBlGAIgASgLMhYub25ueC5UZW5zb3JTaGFwZVByb3RvGiYKBk9wYXF1ZRIOCgZkb21haW4YASABKAkSDAoEbmFtZRgCIAEoCUIHCgV2YWx1ZSI1ChJPcGVyYXRvclNldElkUHJvdG8SDgoGZG9tYWluGAEgASgJEg8KB3ZlcnNpb24YAiABKAMi4wIKDUZ1bmN0aW9uUHJvdG8SDAoEbmFtZRgBIAEoCRINCgVpbnB1dBgEIAMoCRIOCgZvdXRwdXQYBSADKAkSEQoJYXR0cmlidXRlGAYgAygJEh0KBG5vZGUYByADKAsyDy5vbm54Lk5vZGVQcm90bxISCgpkb2Nfc3RyaW5nGAggASgJEi4KDG9wc2V0X2ltcG9ydBgJIAMoCzIYLm9ubnguT3BlcmF0b3JTZXRJZFByb3RvEg4KBmRvbWFpbhgKIAEoCRItCg9hdHRyaWJ1dGVfcHJvdG8YCyADKAsyFC5vbm54LkF0dHJpYnV0ZVByb3RvEigKCnZhbHVlX2luZm8YDCADKAsyFC5vbm54LlZhbHVlSW5mb1Byb3RvEhAKCG92ZXJsb2FkGA0gASgJEjQKDm1ldGFkYXRhX3Byb3BzGA4gAygLMhwub25ueC5TdHJpbmdTdHJpbmdFbnRyeVByb3Rv");
var AttributeProtoSchema = /* @__PURE__ */ messageDesc(file_onnx_onnx, 0);
var ValueInfoProtoSchema = /* @__PURE__ */ messageDesc(file_onnx_onnx, 1);
var NodeProtoSchema = /* @__PURE__ */ messageDesc(file_onnx_onnx, 2);
var ModelProtoSchema = /* @__PURE__ */ messageDesc(file_onnx_onnx, 4);
var StringStringEntryProtoSchema = /* @__PURE__ */ messageDesc(file_onnx_onnx, 5);
var GraphProtoSchema = /* @__PURE__ */ messageDesc(file_onnx_onnx, 7);
var TensorProtoSchema = /* @__PURE__ */ messageDesc(file_onnx_onnx, 8);
var OperatorSetIdProtoSchema = /* @__PURE__ */ messageDesc(file_onnx_onnx, 12);

// src/onnx/proto.ts
var newAttribute = (init) => create(AttributeProtoSchema, init);
var newGraph = (init) => create(GraphProtoSchema, init);
var newModel = (init) => create(ModelProtoSchema, init);
var newNode = (init) => create(NodeProtoSchema, init);
var newOpset = (domain, version) => create(OperatorSetIdProtoSchema, { domain, version: BigInt(version) });
var newEntry = (key, value) => create(StringStringEntryProtoSchema, { key, value });
var newTensor = (init) => create(TensorProtoSchema, init);
var newValueInfo = (init) => create(ValueInfoProtoSchema, init);
var encodeModel = (model) => toBinary(ModelProtoSchema, model);
function changed(message, changes) {
  return Object.assign(Object.create(Object.getPrototypeOf(message)), message, changes);
}

// src/onnx/tensors.ts
init_errors();

// src/tensor.ts
function sizeOf(shape) {
  return shape.reduce((product2, extent) => product2 * extent, 1);
}
function float32(shape, data) {
  return checked({ dtype: "float32", shape, data: data instanceof Float32Array ? data : Float32Array.from(data) });
}
function int64(shape, data) {
  return checked({ dtype: "int64", shape, data: BigInt64Array.from(data, BigInt) });
}
function checked(tensor) {
  const expected = sizeOf(tensor.shape);
  if (tensor.data.length !== expected) {
    throw new RangeError(`${tensor.data.length} elements do not fill the shape [${tensor.shape.join(", ")}]`);
  }
  return tensor;
}

// src/onnx/types.ts
var DATA_TYPES = {
  1: { name: "float32", bits: 32, dtype: "float32" },
  2: { name: "uint8", bits: 8, dtype: "uint8" },
  3: { name: "int8", bits: 8, dtype: "int8" },
  4: { name: "uint16", bits: 16, dtype: "uint16" },
  5: { name: "int16", bits: 16, dtype: "int16" },
  6: { name: "int32", bits: 32, dtype: "int32" },
  7: { name: "int64", bits: 64, dtype: "int64" },
  8: { name: "string", bits: 0 },
  9: { name: "bool", bits: 8, dtype: "bool" },
  10: { name: "float16", bits: 16 },
  11: { name: "float64", bits: 64, dtype: "float64" },
  12: { name: "uint32", bits: 32, dtype: "uint32" },
  13: { name: "uint64", bits: 64 },
  14: { name: "complex64", bits: 64 },
  15: { name: "complex128", bits: 128 },
  16: { name: "bfloat16", bits: 16 },
  17: { name: "float8e4m3fn", bits: 8 },
  18: { name: "float8e4m3fnuz", bits: 8 },
  19: { name: "float8e5m2", bits: 8 },
  20: { name: "float8e5m2fnuz", bits: 8 },
  21: { name: "uint4", bits: 4 },
  22: { name: "int4", bits: 4 },
  23: { name: "float4e2m1", bits: 4 }
};
var CODE_OF = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float64: 11,
  uint32: 12
};
var FLOAT = 1;
var INT32 = 6;
var INT64 = 7;
var BOOL = 9;
function dataTypeName(code) {
  return DATA_TYPES[code]?.name ?? `type ${code}`;
}
function tensorTypeOf(info) {
  const type = info.type?.value;
  if (type?.case !== "tensorType") return void 0;
  const shape = type.value.shape?.dim.map(({ value }) => {
    if (value.case === "dimValue") return Number(value.value);
    return value.case === "dimParam" && value.value !== "" ? value.value : null;
  });
  return { code: type.value.elemType, shape };
}
function valueInfo(name, type) {
  const dim = type.shape?.map((extent) => ({
    value: typeof extent === "number" ? { case: "dimValue", value: BigInt(extent) } : extent === null ? { case: void 0 } : { case: "dimParam", value: extent }
  }));
  const tensor = { elemType: type.code, ...dim && { shape: { dim } } };
  return newValueInfo({ name, type: { value: { case: "tensorType", value: tensor } } });
}
function shapeText(shape) {
  return shape === void 0 ? "[unknown]" : `[${shape.map((extent) => extent ?? "?").join(", ")}]`;
}

// src/onnx/tensors.ts
var ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  bool: Uint8Array
};
function tensorProto(name, { dtype, shape, data }) {
  return newTensor({
    name,
    dims: shape.map(BigInt),
    dataType: CODE_OF[dtype],
    rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice()
  });
}
function typedElements(proto) {
  const name = DATA_TYPES[proto.dataType]?.name;
  if (name === "float32" || name === "complex64") return proto.floatData;
  if (name === "float64" || name === "complex128") return proto.doubleData;
  if (name === "int64") return proto.int64Data;
  if (name === "uint64" || name === "uint32") return proto.uint64Data;
  return proto.int32Data;
}
function tensorFrom(proto) {
  const dtype = DATA_TYPES[proto.dataType]?.dtype;
  if (dtype === void 0) {
    throw new UserError("bad-model", `tensor "${proto.name}" holds ${dataTypeName(proto.dataType)}, which is not supported here`);
  }
  const shape = proto.dims.map(Number);
  const ArrayType = ARRAYS[dtype];
  let data;
  if (proto.rawData.length > 0) {
    data = new ArrayType(Uint8Array.from(proto.rawData).buffer);
  } else {
    const elements = typedElements(proto);
    data = dtype === "int64" ? BigInt64Array.from(elements, BigInt) : (
      // int64 is handled above, so the remaining arrays take numbers.
      ArrayType.from(elements, Number)
    );
  }
  if (data.length !== sizeOf(shape)) {
    throw new UserError("bad-model", `tensor "${proto.name}" has ${data.length} elements; its shape is [${shape.join(", ")}]`);
  }
  return { dtype, shape, data };
}

// src/onnx/attributes.ts
var TYPE = { float: 1, int: 2, string: 3, tensor: 4, graph: 5, floats: 6, ints: 7, strings: 8 };
var FLOATS = new Set(
  "activation_params alpha beta bias clip cubic_coeff_a epsilon extrapolation_value gamma high lambd low max mean min momentum ratio scale scales spatial_scale threshold value value_float value_floats".split(" ")
);
function attribute(name, value) {
  const float = FLOATS.has(name);
  if (typeof value === "number") {
    return float ? newAttribute({ name, type: TYPE.float, f: value }) : newAttribute({ name, type: TYPE.int, i: integer(name, value) });
  }
  if (typeof value === "string") return newAttribute({ name, type: TYPE.string, s: encoder.encode(value) });
  if (isNumbers(value)) {
    return float ? newAttribute({ name, type: TYPE.floats, floats: [...value] }) : newAttribute({ name, type: TYPE.ints, ints: value.map((item) => integer(name, item)) });
  }
  if (isStrings(value)) return newAttribute({ name, type: TYPE.strings, strings: value.map((item) => encoder.encode(item)) });
  if ("dtype" in value) return newAttribute({ name, type: TYPE.tensor, t: tensorProto("", value) });
  return newAttribute({ name, type: TYPE.graph, g: value });
}
function attributesOf(node) {
  const find = (name) => node.attribute.find((candidate) => candidate.name === name);
  return {
    has: (name) => find(name) !== void 0,
    int: (name, otherwise) => Number(find(name)?.i ?? otherwise),
    float: (name, otherwise) => find(name)?.f ?? otherwise,
    string(name, otherwise) {
      const found = find(name);
      return found ? decoder.decode(found.s) : otherwise;
    },
    ints: (name) => find(name)?.ints.map(Number),
    floats: (name) => find(name)?.floats,
    tensor: (name) => find(name)?.t,
    all: () => Object.fromEntries(node.attribute.flatMap((item) => entriesOf(item)))
  };
}
function entriesOf({ name, type, f, i, s, floats, ints }) {
  const read = {
    [TYPE.float]: () => f,
    [TYPE.int]: () => Number(i),
    [TYPE.string]: () => decoder.decode(s),
    [TYPE.floats]: () => floats,
    [TYPE.ints]: () => ints.map(Number)
  };
  return Object.hasOwn(read, type) ? [[name, read[type]()]] : [];
}
var encoder = new TextEncoder();
var decoder = new TextDecoder();
function integer(name, value) {
  if (!Number.isSafeInteger(value)) throw new TypeError(`attribute ${name} is an integer, not ${value}`);
  return BigInt(value);
}
function isNumbers(value) {
  return Array.isArray(value) && value.every((item) => typeof item === "number");
}
function isStrings(value) {
  return Array.isArray(value);
}

// src/onnx/model.ts
init_errors();
function writeModel(model) {
  return encodeModel(model);
}
function graphOf(model) {
  if (model.graph === void 0) throw notOnnx("the model", "there is no graph in it");
  return model.graph;
}
function isStandard(domain) {
  return domain === "" || domain === "ai.onnx";
}
function notOnnx(file, reason, cause) {
  return new UserError("bad-model", `${file}: not a readable ONNX model: ${reason}`, {
    hint: "Download or export the file again.",
    cause
  });
}

// src/onnx/constant-node.ts
var FORMS = {
  value: ({ t }) => t,
  value_float: ({ f }) => tensorProto("", float32([], [f])),
  value_floats: ({ floats }) => tensorProto("", float32([floats.length], floats)),
  value_int: ({ i }) => tensorProto("", { dtype: "int64", shape: [], data: BigInt64Array.of(i) }),
  value_ints: ({ ints }) => tensorProto("", { dtype: "int64", shape: [ints.length], data: BigInt64Array.from(ints) })
};
function constantTensor({ domain, opType, attribute: [item] }) {
  if (opType !== "Constant" || !isStandard(domain) || item === void 0) return void 0;
  return Object.hasOwn(FORMS, item.name) ? FORMS[item.name](item) : void 0;
}

// src/onnx/known.ts
var ShapeError = class extends Error {
};
function knownOf(tensor) {
  const shape = tensor.dims.map(Number);
  const floats = floatsOf(tensor);
  return { code: tensor.dataType, shape, value: integersOf(tensor), ...floats && { floats } };
}
var LONGEST_VALUE = 64;
var LONGEST_SCALES = 8;
function floatsOf(tensor) {
  const count = tensor.dims.reduce((product2, dim) => product2 * Number(dim), 1);
  if (tensor.dataType !== FLOAT || tensor.dims.length !== 1 || count > LONGEST_SCALES) return void 0;
  if (tensor.rawData.length === 0) return tensor.floatData.length === count ? tensor.floatData : void 0;
  if (tensor.rawData.length !== 4 * count) return void 0;
  const view = new DataView(tensor.rawData.buffer, tensor.rawData.byteOffset, tensor.rawData.byteLength);
  return Array.from({ length: count }, (_, i) => view.getFloat32(4 * i, true));
}
function integersOf(tensor) {
  const type = DATA_TYPES[tensor.dataType];
  const count = tensor.dims.reduce((product2, dim) => product2 * Number(dim), 1);
  if (tensor.dims.length > 1 || count > LONGEST_VALUE || type?.name !== "int64" && type?.name !== "int32") return void 0;
  const raw = tensor.rawData;
  if (raw.length === 0) {
    const elements = typedElements(tensor);
    return elements.length === count ? elements.map(Number) : void 0;
  }
  if (raw.length !== count * type.bits / 8) return void 0;
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  return Array.from(
    { length: count },
    (_, i) => type.bits === 64 ? Number(view.getBigInt64(8 * i, true)) : view.getInt32(4 * i, true)
  );
}
function broadcast(a, b) {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, index) => {
    const left = a[a.length - rank + index] ?? (index < rank - a.length ? 1 : null);
    const right = b[b.length - rank + index] ?? (index < rank - b.length ? 1 : null);
    if (left === right || right === 1) return left;
    if (left === 1) return right;
    if (typeof left === "number" && typeof right === "number") {
      throw new ShapeError(`${shapeText(a)} and ${shapeText(b)} do not broadcast`);
    }
    if (typeof left === "number") return left;
    return typeof right === "number" ? right : null;
  });
}

// src/onnx/rename.ts
function bodiesOf(node) {
  return node.attribute.flatMap(({ g, graphs }) => g ? [g, ...graphs] : graphs);
}
function inPlainDomain(node) {
  if (node.domain !== "ai.onnx" && bodiesOf(node).length === 0) return node;
  const body = (graph) => changed(graph, { node: graph.node.map(inPlainDomain) });
  return changed(node, {
    domain: node.domain === "ai.onnx" ? "" : node.domain,
    attribute: node.attribute.map((item) => changed(item, { ...item.g && { g: body(item.g) }, graphs: item.graphs.map(body) }))
  });
}
function renameNode(node, rename) {
  const tensor = (name) => name === "" ? "" : rename(name);
  return changed(node, {
    name: tensor(node.name),
    input: node.input.map(tensor),
    output: node.output.map(tensor),
    attribute: node.attribute.map((item) => renameBodies(item, rename))
  });
}
function renameGraph(graph, rename) {
  const named = (items) => items.map((item) => changed(item, { name: rename(item.name) }));
  return changed(graph, {
    node: graph.node.map((node) => renameNode(node, rename)),
    initializer: named(graph.initializer),
    sparseInitializer: graph.sparseInitializer.map(
      (sparse) => sparse.values ? changed(sparse, { values: changed(sparse.values, { name: rename(sparse.values.name) }) }) : sparse
    ),
    input: named(graph.input),
    output: named(graph.output),
    valueInfo: named(graph.valueInfo),
    quantizationAnnotation: []
  });
}
function renameBodies(item, rename) {
  if (!item.g && item.graphs.length === 0) return item;
  return changed(item, {
    ...item.g && { g: renameGraph(item.g, rename) },
    graphs: item.graphs.map((graph) => renameGraph(graph, rename))
  });
}

// src/onnx/emitter.ts
var KERNEL_DOMAIN = "sigmax";

// src/onnx/ops/op.ts
var NoGradient = class extends Error {
};
var fromFirstOutput = (rule) => (node, gradients, emit) => {
  const other = gradients.findIndex((gradient, index) => index > 0 && gradient !== void 0);
  if (other > 0) throw new NoGradient(`its derivative is written for its first output, not for "${node.outputs[other]}"`);
  return rule(node, gradients, emit);
};
var rows = (op, names) => Object.fromEntries(names.split(" ").map((name) => [name, op]));

// src/onnx/ops/arithmetic.ts
var same = ({ inputs }) => [{ code: inputs[0]?.code, shape: inputs[0]?.shape }];
var elementwise = (code) => ({ inputs }) => {
  const shapes = inputs.map((input) => input.shape);
  const shape = shapes.every((item) => item !== void 0) ? shapes.reduce(broadcast) : void 0;
  return [{ code: code ?? inputs[0]?.code, shape }];
};
var arithmetic = (compute, result) => (node) => {
  const [{ code, shape }] = elementwise(result)(node);
  const [a, b] = node.inputs.map((input) => input.value);
  if (!a || !b) return [{ code, shape }];
  const value = Array.from({ length: Math.max(a.length, b.length) }, (_, i) => {
    const left = a[a.length === 1 ? 0 : i];
    const right = b[b.length === 1 ? 0 : i];
    return typeof left === "number" && typeof right === "number" ? compute(left, right) : null;
  });
  return [{ code, shape, value }];
};
var comparison = (test2) => arithmetic((a, b) => Number(test2(a, b)), BOOL);
var not = ({ inputs: [x] }) => [
  { code: BOOL, shape: x.shape, value: x.value?.map((item) => typeof item === "number" ? 1 - item : null) }
];
var cast = ({ inputs: [x], attributes }) => {
  const code = attributes.int("to", 0);
  const asBool = (item) => typeof item === "number" ? Number(item !== 0) : null;
  const value = code === BOOL ? x.value?.map(asBool) : code === INT64 || code === INT32 ? x.value : void 0;
  return [{ code, shape: x.shape, value }];
};
var where = ({ inputs: [condition, a, b] }) => {
  const shapes = [condition.shape, a.shape, b.shape];
  const shape = shapes.every((s) => s !== void 0) ? shapes.reduce(broadcast) : void 0;
  const values = [condition.value, a.value, b.value];
  if (!values.every((value2) => value2 !== void 0)) return [{ code: a.code, shape }];
  const value = Array.from({ length: Math.max(...values.map(({ length }) => length)) }, (_, i) => {
    const [test2, yes, no] = values.map((items) => items[items.length === 1 ? 0 : i]);
    return test2 === null ? null : test2 === 0 ? no : yes;
  });
  return [{ code: a.code, shape, value }];
};
var unary = (derivative) => ({ inputs: [x], outputs: [y] }, [g], emit) => [emit.mul(g, derivative(emit, x, y))];
var add = (_, [g]) => [g, g];
var sub = ({ wants }, [g], emit) => [g, wants(1) ? emit.neg(g) : void 0];
var mul = ({ inputs: [a, b], wants }, [g], emit) => [
  wants(0) ? emit.mul(g, b) : void 0,
  wants(1) ? emit.mul(g, a) : void 0
];
var div = ({ inputs: [, b], outputs: [y], wants }, [g], emit) => {
  const da = emit.div(g, b);
  return [wants(0) ? da : void 0, wants(1) ? emit.neg(emit.mul(da, y)) : void 0];
};
var pow = ({ inputs: [x, exponent], outputs: [y], wants }, [g], emit) => {
  const one = emit.scalar(1);
  const p = emit.graph.typeOf(exponent) === FLOAT ? exponent : emit.op("Cast", [exponent], { to: FLOAT });
  const dx = () => {
    const slope = emit.mul(p, emit.op("Pow", [x, emit.sub(p, one)]));
    if (emit.numbers(exponent)?.every((value) => value !== 0)) return emit.mul(g, slope);
    const zero = emit.scalar(0);
    return emit.mul(g, emit.op("Where", [emit.op("Equal", [p, zero]), zero, slope]));
  };
  const dp = () => {
    const positive = emit.op("Greater", [x, emit.scalar(0)]);
    const log = emit.op("Log", [emit.op("Where", [positive, x, one])]);
    return emit.mul(g, emit.mul(y, log));
  };
  return [wants(0) ? dx() : void 0, wants(1) ? dp() : void 0];
};
var extreme = ({ inputs, outputs: [y] }, [g], emit) => {
  const hits = inputs.map((x) => emit.op("Cast", [emit.op("Equal", [x, y])], { to: 1 }));
  const share = emit.div(g, hits.reduce(emit.add));
  return hits.map((hit) => emit.mul(share, hit));
};
var mean = ({ inputs }, [g], emit) => {
  const share = emit.mul(g, 1 / inputs.length);
  return inputs.map(() => share);
};
var sum = ({ inputs }, [g]) => inputs.map(() => g);
var choose = ({ inputs: [condition] }, [g], emit) => {
  const zero = emit.scalar(0);
  return [void 0, emit.op("Where", [condition, g, zero]), emit.op("Where", [condition, zero, g])];
};
var castBack = ({ inputs: [x], attributes }, [g], emit) => {
  const [from, to] = [emit.graph.typeOf(x) ?? FLOAT, attributes.int("to", FLOAT)];
  return [FLOATS2.has(from) && FLOATS2.has(to) ? emit.op("Cast", [g], { to: from }) : void 0];
};
var FLOATS2 = /* @__PURE__ */ new Set([FLOAT, 10, 11, 16]);
var of = (gradient, shape = same) => ({ shape, gradient });
var ARITHMETIC = {
  Add: {
    ...of(
      add,
      arithmetic((a, b) => a + b)
    ),
    learns: [0, 1]
  },
  Sub: {
    ...of(
      sub,
      arithmetic((a, b) => a - b)
    ),
    learns: [1]
  },
  Mul: {
    ...of(
      mul,
      arithmetic((a, b) => a * b)
    ),
    learns: [0, 1]
  },
  // Extents are integers, and ONNX divides integers towards zero.
  Div: of(
    div,
    arithmetic((a, b) => Math.trunc(a / b))
  ),
  Pow: of(pow, elementwise()),
  ...rows(of(extreme, elementwise()), "Max Min"),
  Mean: of(mean, elementwise()),
  Sum: of(sum, elementwise()),
  Mod: of({ refused: "the remainder jumps" }, elementwise()),
  Where: of(choose, where),
  Cast: of(castBack, cast),
  Identity: of(
    (_, [g]) => [g],
    ({ inputs: [x] }) => [x]
  ),
  Neg: of((_, [g], emit) => [emit.neg(g)]),
  Abs: of(unary((emit, x) => emit.op("Sign", [x]))),
  Sqrt: of(({ outputs: [y] }, [g], emit) => [emit.div(emit.mul(g, 0.5), y)]),
  Exp: of(unary((_, __, y) => y)),
  Log: of(({ inputs: [x] }, [g], emit) => [emit.div(g, x)]),
  // d(1/x) = −1/x²
  Reciprocal: of(unary((emit, _, y) => emit.neg(emit.mul(y, y)))),
  Sin: of(unary((emit, x) => emit.op("Cos", [x]))),
  Cos: of(unary((emit, x) => emit.neg(emit.op("Sin", [x])))),
  // d erf = 2/√π · exp(−x²)
  Erf: of(unary((emit, x) => emit.mul(emit.op("Exp", [emit.neg(emit.mul(x, x))]), 2 / Math.sqrt(Math.PI)))),
  ...rows(of("zero"), "Ceil Floor Round Sign"),
  Not: of("zero", not),
  And: of(
    "zero",
    comparison((a, b) => a !== 0 && b !== 0)
  ),
  Or: of(
    "zero",
    comparison((a, b) => a !== 0 || b !== 0)
  ),
  Xor: of(
    "zero",
    comparison((a, b) => a !== b)
  ),
  Equal: of(
    "zero",
    comparison((a, b) => a === b)
  ),
  Greater: of(
    "zero",
    comparison((a, b) => a > b)
  ),
  GreaterOrEqual: of(
    "zero",
    comparison((a, b) => a >= b)
  ),
  Less: of(
    "zero",
    comparison((a, b) => a < b)
  ),
  LessOrEqual: of(
    "zero",
    comparison((a, b) => a <= b)
  ),
  ...rows(of({ refused: "its derivative is not written yet" }), "Acos Asin Atan CumSum Tan")
};

// src/onnx/ops/activation.ts
var STEP2 = { alpha: 1e38, beta: 0 };
var step = (emit, x) => emit.op("HardSigmoid", [x], STEP2);
var between2 = (emit, g, y, low, high) => emit.kernel("ClipGradient", [g, y], { low, high });
var relu = ({ outputs: [y] }, [g], emit) => [emit.mul(g, step(emit, y))];
var clip = ({ inputs: [x, low, high], outputs: [y], wants }, [g], emit) => {
  const [from, to] = [low, high].map((bound) => bound ? emit.numbers(bound)?.[0] : void 0);
  const fixed = (bound, value) => !bound || value !== void 0;
  const where3 = (condition) => emit.op("Where", [condition, g, emit.scalar(0)]);
  const dx = () => {
    if (fixed(low, from) && fixed(high, to)) {
      return between2(emit, g, y, from ?? Number.NEGATIVE_INFINITY, to ?? Number.POSITIVE_INFINITY);
    }
    const inside = [...low ? [emit.op("Greater", [x, low])] : [], ...high ? [emit.op("Less", [x, high])] : []];
    return where3(inside.reduce((a, b) => emit.op("And", [a, b])));
  };
  return [
    wants(0) ? dx() : void 0,
    low && wants(1) ? where3(emit.op("Less", [x, low])) : void 0,
    high && wants(2) ? where3(emit.op("Greater", [x, high])) : void 0
  ];
};
var leakyRelu = ({ attributes, inputs: [x] }, [g], emit) => {
  const alpha = attributes.float("alpha", 0.01);
  return [emit.mul(g, emit.add(emit.mul(step(emit, x), 1 - alpha), emit.scalar(alpha)))];
};
var pRelu = ({ inputs: [x, slope], wants }, [g], emit) => {
  const above = step(emit, x);
  const below = emit.sub(emit.scalar(1), above);
  return [emit.mul(g, emit.add(above, emit.mul(below, slope))), wants(1) ? emit.mul(g, emit.mul(below, x)) : void 0];
};
var elu = ({ attributes, inputs: [x], outputs: [y] }, [g], emit) => {
  const positive = emit.op("Greater", [x, emit.scalar(0)]);
  return [emit.mul(g, emit.op("Where", [positive, emit.scalar(1), emit.add(y, emit.scalar(attributes.float("alpha", 1)))]))];
};
var sigmoid = ({ outputs: [y] }, [g], emit) => [emit.mul(g, emit.mul(y, emit.sub(emit.scalar(1), y)))];
var tanh = ({ outputs: [y] }, [g], emit) => [emit.mul(g, emit.sub(emit.scalar(1), emit.mul(y, y)))];
var hardSigmoid = ({ attributes, outputs: [y] }, [g], emit) => [
  between2(emit, emit.mul(g, attributes.float("alpha", 0.2)), y, 0, 1)
];
var hardSwish = ({ inputs: [x] }, [g], emit) => {
  const h = emit.op("HardSigmoid", [x], { alpha: 1 / 6, beta: 0.5 });
  return [emit.add(emit.mul(g, h), between2(emit, emit.mul(emit.mul(g, x), 1 / 6), h, 0, 1))];
};
var swish = ({ attributes, inputs: [x], outputs: [y] }, [g], emit) => {
  const alpha = attributes.float("alpha", 1);
  const s = emit.op("Sigmoid", [emit.mul(x, alpha)]);
  return [emit.mul(g, emit.add(s, emit.mul(emit.mul(y, emit.sub(emit.scalar(1), s)), alpha)))];
};
var mish = ({ inputs: [x] }, [g], emit) => {
  const t = emit.op("Tanh", [emit.op("Softplus", [x])]);
  const slope = emit.mul(emit.mul(x, emit.op("Sigmoid", [x])), emit.sub(emit.scalar(1), emit.mul(t, t)));
  return [emit.mul(g, emit.add(t, slope))];
};
var gelu = (node, gradients, emit) => node.attributes.string("approximate", "none") === "tanh" ? geluTanh(node, gradients, emit) : geluErf(node, gradients, emit);
var geluErf = ({ inputs: [x] }, [g], emit) => {
  const phi = emit.add(emit.mul(emit.op("Erf", [emit.mul(x, Math.SQRT1_2)]), 0.5), emit.scalar(0.5));
  const density = emit.mul(emit.op("Exp", [emit.mul(emit.mul(x, x), -0.5)]), 1 / Math.sqrt(2 * Math.PI));
  return [emit.mul(g, emit.add(phi, emit.mul(x, density)))];
};
var geluTanh = ({ inputs: [x] }, [g], emit) => {
  const root = Math.sqrt(2 / Math.PI);
  const square = emit.mul(x, x);
  const t = emit.op("Tanh", [emit.mul(emit.mul(x, emit.add(emit.mul(square, 0.044715), emit.scalar(1))), root)]);
  const slope = emit.mul(emit.add(emit.mul(square, 3 * 0.044715), emit.scalar(1)), root);
  const bend = emit.mul(emit.mul(emit.mul(x, 0.5), emit.sub(emit.scalar(1), emit.mul(t, t))), slope);
  return [emit.mul(g, emit.add(emit.add(emit.mul(t, 0.5), emit.scalar(0.5)), bend))];
};
var softplus = ({ inputs: [x] }, [g], emit) => [emit.mul(g, emit.op("Sigmoid", [x]))];
var softsign = ({ inputs: [x] }, [g], emit) => {
  const base = emit.add(emit.op("Abs", [x]), emit.scalar(1));
  return [emit.div(g, emit.mul(base, base))];
};
var softmax = (node, [g], emit) => {
  const [y] = node.outputs;
  return [emit.mul(y, emit.sub(g, emit.sum(emit.mul(g, y), axisOf(node, emit), true)))];
};
var logSoftmax = (node, [g], emit) => [
  emit.sub(g, emit.mul(emit.op("Exp", [node.outputs[0]]), emit.sum(g, axisOf(node, emit), true)))
];
function axisOf({ attributes, inputs: [x] }, emit) {
  const axis = attributes.int("axis", -1);
  return [axis < 0 ? axis + emit.shape(x).length : axis];
}
var dropout = ({ inputs: [, ratio, training], saved: [mask] }, [g], emit) => {
  if (mask === void 0) return [g];
  const [share] = ratio ? emit.numbers(ratio) ?? [] : [0.5];
  if (share === void 0 || emit.numbers(training) === void 0) {
    throw new NoGradient("its ratio, or whether it trains, is not a constant");
  }
  const kept = 1 - share;
  return [emit.mul(emit.mul(g, emit.op("Cast", [mask], { to: 1 })), 1 / kept)];
};
var of2 = (gradient) => ({ shape: same, gradient });
var ACTIVATION_OPS = {
  Relu: of2(relu),
  Clip: of2(clip),
  LeakyRelu: of2(leakyRelu),
  PRelu: { ...of2(pRelu), learns: [1] },
  Elu: of2(elu),
  Sigmoid: of2(sigmoid),
  Tanh: of2(tanh),
  HardSigmoid: of2(hardSigmoid),
  HardSwish: of2(hardSwish),
  Swish: of2(swish),
  Mish: of2(mish),
  Gelu: of2(gelu),
  Softplus: of2(softplus),
  Softsign: of2(softsign),
  Softmax: of2(softmax),
  LogSoftmax: of2(logSoftmax),
  Dropout: {
    shape: ({ inputs: [x] }) => [
      { code: x?.code, shape: x?.shape },
      { code: BOOL, shape: x?.shape }
    ],
    gradient: dropout,
    forward({ attributes, inputs, outputs }, emit) {
      const [training] = inputs[2] ? emit.numbers(inputs[2]) ?? [1] : [0];
      if (training === 0) {
        emit.op("Identity", [inputs[0]], {}, outputs[0]);
        return [];
      }
      const mask = outputs[1] || `${outputs[0]}/mask`;
      emit.op("Dropout", inputs, attributes.all(), [outputs[0], mask]);
      return [mask];
    }
  },
  ...rows(of2("zero"), "Hardmax"),
  ...rows(of2({ refused: "its derivative is not written yet" }), "Celu Selu ThresholdedRelu")
};

// src/onnx/dims.ts
function normalAxis(axis, rank) {
  const normal = axis < 0 ? axis + rank : axis;
  if (normal < 0 || normal >= rank) throw new ShapeError(`there is no axis ${axis} among ${rank}`);
  return normal;
}
function times(a, b) {
  if (a === 1) return b;
  if (b === 1) return a;
  return typeof a === "number" && typeof b === "number" ? a * b : null;
}
function plus(a, b) {
  if (b === 0) return a;
  return typeof a === "number" && typeof b === "number" ? a + b : null;
}
function numbers(value) {
  return value?.every((item) => typeof item === "number") ? value : void 0;
}
function nulls(rank) {
  return typeof rank === "number" ? new Array(rank).fill(null) : void 0;
}

// src/onnx/ops/arrangement.ts
var reshape = ({ inputs: [x, target], attributes }) => {
  const wanted = attributes.ints("shape") ?? target?.value;
  const value = wanted && wanted.length < 2 ? x.value : void 0;
  if (!wanted) return [{ code: x.code, shape: target?.shape?.[0] === void 0 ? void 0 : nulls(target.shape[0]) }];
  const copies = attributes.int("allowzero", 0) === 0;
  const shape = wanted.map((extent, axis) => extent === 0 && copies ? x.shape?.[axis] ?? null : extent);
  const free = shape.indexOf(-1);
  if (free >= 0) return [{ code: x.code, shape: shape.with(free, rest(x.shape, shape.toSpliced(free, 1))), value }];
  const [before, after] = [x.shape, shape].map((item) => item?.reduce(times, 1));
  if (typeof before === "number" && typeof after === "number" && before !== after) {
    throw new ShapeError(`Reshape of ${shapeText(x.shape)} to ${shapeText(shape)}`);
  }
  return [{ code: x.code, shape, value }];
};
function rest(shape, taken) {
  if (!shape || shape.includes(null) || taken.includes(null)) return null;
  const symbols = shape.filter((extent) => typeof extent === "string");
  for (const extent of taken) {
    if (typeof extent !== "string") continue;
    const index = symbols.indexOf(extent);
    if (index < 0) return null;
    symbols.splice(index, 1);
  }
  const [total, used] = [shape, taken].map(
    (item) => item.reduce((p, extent) => p * (typeof extent === "number" ? extent : 1), 1)
  );
  const ratio = total / used;
  if (symbols.length === 0) {
    if (!Number.isInteger(ratio)) throw new ShapeError(`Reshape of ${shapeText(shape)} around ${shapeText(taken)}`);
    return ratio;
  }
  return symbols.length === 1 && ratio === 1 ? symbols[0] : null;
}
var flatten = ({ inputs: [x], attributes }) => {
  if (!x.shape) return [{ code: x.code, shape: [null, null] }];
  const given = attributes.int("axis", 1);
  const axis = given < 0 ? given + x.shape.length : given;
  return [{ code: x.code, shape: [x.shape.slice(0, axis).reduce(times, 1), x.shape.slice(axis).reduce(times, 1)] }];
};
var transpose = ({ inputs: [x], attributes }) => {
  const order = attributes.ints("perm") ?? x.shape?.map((_, axis, { length }) => length - 1 - axis);
  if (order && x.shape && order.length !== x.shape.length)
    throw new ShapeError(`Transpose of ${shapeText(x.shape)} by [${order}]`);
  return [{ code: x.code, shape: x.shape && order?.map((axis) => x.shape[axis]) }];
};
var concat = ({ inputs, attributes }) => {
  const [first] = inputs;
  const values = inputs.map((input) => input.value);
  const value = values.every((item) => item !== void 0) ? values.flat() : void 0;
  if (inputs.some((input) => !input.shape)) return [{ code: first.code, value }];
  const shapes = inputs.map((input) => input.shape);
  const axis = normalAxis(attributes.int("axis", 1), shapes[0].length);
  const shape = shapes.reduce((left, right) => {
    if (left.length !== right.length) throw new ShapeError(`Concat of ${shapeText(left)} and ${shapeText(right)}`);
    return left.map((extent, i) => i === axis ? plus(extent, right[i]) : agree(extent, right[i], left, right));
  });
  return [{ code: first.code, shape, value }];
};
function agree(a, b, left, right) {
  if (typeof a === "number" && typeof b === "number" && a !== b)
    throw new ShapeError(`Concat of ${shapeText(left)} and ${shapeText(right)}`);
  return a ?? b;
}
var split = ({ inputs: [x, given], attributes, outputCount }) => {
  const sizes = attributes.ints("split") ?? numbers(given?.value);
  if (!x.shape) return Array.from({ length: outputCount }, () => ({ code: x.code }));
  const axis = normalAxis(attributes.int("axis", 0), x.shape.length);
  const total = x.shape[axis];
  const even = typeof total === "number" ? Math.ceil(total / outputCount) : null;
  return Array.from({ length: outputCount }, (_, i) => {
    const last = typeof total === "number" && even !== null && i === outputCount - 1 ? total - even * i : even;
    return { code: x.code, shape: x.shape.with(axis, sizes ? sizes[i] ?? null : last) };
  });
};
var squeeze = ({ inputs: [x, given], attributes }) => {
  if (!x.shape) return [{ code: x.code, value: x.value }];
  const axes = attributes.ints("axes") ?? numbers(given?.value);
  if (given?.shape && !axes) return [{ code: x.code }];
  const gone = new Set(axes?.map((axis) => normalAxis(axis, x.shape.length)) ?? x.shape.flatMap((d, i) => d === 1 ? [i] : []));
  return [{ code: x.code, shape: x.shape.filter((_, axis) => !gone.has(axis)), value: x.value }];
};
var unsqueeze = ({ inputs: [x, given], attributes }) => {
  const axes = attributes.ints("axes") ?? numbers(given?.value);
  if (!x.shape || !axes) return [{ code: x.code }];
  const rank = x.shape.length + axes.length;
  const added = new Set(axes.map((axis) => normalAxis(axis, rank)));
  const remaining = [...x.shape];
  const shape = Array.from({ length: rank }, (_, axis) => added.has(axis) ? 1 : remaining.shift());
  return [{ code: x.code, shape, value: rank < 2 ? x.value : void 0 }];
};
var expand = ({ inputs: [x, target] }) => [
  { code: x.code, shape: x.shape && target?.value ? broadcast(x.shape, target.value) : void 0 }
];
var depthToSpace = ({ inputs: [x], attributes }) => {
  const block = attributes.int("blocksize", 1);
  if (x.shape?.length !== 4) return [{ code: x.code }];
  const [n, c, h, w] = x.shape;
  return [{ code: x.code, shape: [n, typeof c === "number" ? c / block ** 2 : null, times(h, block), times(w, block)] }];
};
var spaceToDepth = ({ inputs: [x], attributes }) => {
  const block = attributes.int("blocksize", 1);
  if (x.shape?.length !== 4) return [{ code: x.code }];
  const [n, c, h, w] = x.shape;
  const over = (extent) => typeof extent === "number" ? extent / block : null;
  return [{ code: x.code, shape: [n, times(c, block ** 2), over(h), over(w)] }];
};
var reshaped = ({ inputs: [x] }, [g], emit) => [emit.reshape(g, emit.shape(x))];
var transposed = ({ attributes, inputs: [x] }, [g], emit) => {
  const { length } = emit.shape(x);
  const perm = attributes.ints("perm") ?? Array.from({ length }, (_, axis) => length - 1 - axis);
  return [
    emit.transpose(
      g,
      Array.from(perm.keys(), (axis) => perm.indexOf(axis))
    )
  ];
};
var concatenated = ({ attributes, inputs, outputs: [y] }, [g], emit) => {
  const axis = normalAxis(attributes.int("axis", 1), emit.shape(inputs[0]).length);
  const sizes = inputs.map((x) => emit.shape(x)[axis]);
  if (inputs.length === 1) return [g];
  const parts = inputs.map((_, i) => `gradient/${y}/part${i}`);
  emit.op("Split", [g, emit.ints(sizes)], { axis }, parts);
  return parts;
};
var divided = ({ attributes, outputs }, gradients, emit) => {
  const parts = gradients.map((g, i) => g ?? emit.zeros(emit.shape(outputs[i])));
  return [emit.op("Concat", parts, { axis: attributes.int("axis", 0) })];
};
var spacedOut = ({ attributes }, [g], emit) => {
  const block = attributes.int("blocksize", 1);
  if (attributes.string("mode", "DCR") === "DCR") return [emit.op("SpaceToDepth", [g], { blocksize: block })];
  const [n, c, h, w] = emit.shape(g);
  const cells2 = emit.reshape(g, [n, c, h / block, block, w / block, block]);
  return [emit.reshape(emit.transpose(cells2, [0, 1, 3, 5, 2, 4]), [n, c * block ** 2, h / block, w / block])];
};
var ARRANGEMENTS = {
  Reshape: { shape: reshape, gradient: reshaped },
  Flatten: { shape: flatten, gradient: reshaped },
  Squeeze: { shape: squeeze, gradient: reshaped },
  Unsqueeze: { shape: unsqueeze, gradient: reshaped },
  Transpose: { shape: transpose, gradient: transposed },
  // Undone in the sweep, like every broadcast.
  Expand: { shape: expand, gradient: (_, [g]) => [g] },
  Concat: { shape: concat, gradient: concatenated },
  Split: { shape: split, gradient: divided },
  DepthToSpace: { shape: depthToSpace, gradient: spacedOut },
  SpaceToDepth: {
    shape: spaceToDepth,
    gradient: ({ attributes }, [g], emit) => [
      emit.op("DepthToSpace", [g], { blocksize: attributes.int("blocksize", 1), mode: "DCR" })
    ]
  }
};

// src/onnx/ops/constants.ts
var constant = ({ attributes }) => {
  const tensor = attributes.tensor("value");
  if (tensor) return [knownOf(tensor)];
  if (attributes.has("value_int")) return [{ code: INT64, shape: [], value: [attributes.int("value_int", 0)] }];
  const integers = attributes.ints("value_ints");
  if (attributes.has("value_ints") && integers) return [{ code: INT64, shape: [integers.length], value: integers }];
  return attributes.has("value_float") ? [{ code: FLOAT, shape: [] }] : [];
};
var constantOfShape = ({ inputs: [shape], attributes }) => {
  const filling = attributes.tensor("value");
  const item = filling && knownOf(filling).value?.[0];
  const [length = 1, ...more] = shape.value ?? [null];
  const isShort = more.length === 0 && typeof length === "number" && length <= LONGEST_VALUE;
  const value = item !== void 0 && isShort ? new Array(length).fill(item) : void 0;
  return [{ code: filling?.dataType ?? FLOAT, shape: shape.value, value }];
};
var shapeOf = ({ inputs: [x], attributes }) => {
  const value = x.shape?.slice(attributes.int("start", 0), attributes.has("end") ? attributes.int("end", 0) : void 0);
  return [{ code: INT64, shape: [value?.length ?? null], value }];
};
var CONSTANTS = {
  Constant: { shape: constant, gradient: "zero" },
  ConstantOfShape: { shape: constantOfShape, gradient: "zero" },
  Shape: { shape: shapeOf, gradient: "zero" },
  ...rows({ shape: () => [], gradient: "zero" }, "EyeLike IsInf IsNaN NonZero OneHot Range Size")
};

// src/onnx/ops/convolution.ts
var convShape = ({ inputs: [x, weights], attributes }) => {
  const kernel2 = weights.shape;
  if (!x.shape || !kernel2) return [{ code: x.code }];
  const group = attributes.int("group", 1);
  const channels = x.shape[1];
  const expected = kernel2[1];
  if (kernel2.length !== x.shape.length || typeof channels === "number" && typeof expected === "number" && channels !== expected * group) {
    throw new ShapeError(`Conv of ${shapeText(x.shape)} with weights ${shapeText(kernel2)} and group ${group}`);
  }
  return [{ code: x.code, shape: [x.shape[0], kernel2[0], ...windows(x.shape.slice(2), kernel2.slice(2), attributes)] }];
};
function windows(extents, kernel2, attributes) {
  const strides = attributes.ints("strides") ?? [];
  const dilations = attributes.ints("dilations") ?? [];
  const pads = attributes.ints("pads") ?? [];
  const autoPad = attributes.string("auto_pad", "NOTSET");
  const round2 = attributes.int("ceil_mode", 0) === 1 ? Math.ceil : Math.floor;
  return extents.map((extent, axis) => {
    const size2 = kernel2[axis];
    if (typeof extent !== "number" || typeof size2 !== "number") return null;
    const stride = strides[axis] ?? 1;
    if (autoPad.startsWith("SAME")) return Math.ceil(extent / stride);
    const padding = autoPad === "VALID" ? 0 : (pads[axis] ?? 0) + (pads[axis + extents.length] ?? 0);
    const reach = (dilations[axis] ?? 1) * (size2 - 1) + 1;
    const count = round2((extent + padding - reach) / stride) + 1;
    const isOutside = round2 === Math.ceil && (count - 1) * stride >= extent + (autoPad === "VALID" ? 0 : pads[axis] ?? 0);
    const result = isOutside ? count - 1 : count;
    if (result < 1) throw new ShapeError(`a window of ${reach} does not fit into ${extent} pixels`);
    return result;
  });
}
var convTranspose = ({ inputs: [x, weights], attributes }) => {
  const kernel2 = weights?.shape;
  const explicit = !attributes.has("output_shape") && attributes.string("auto_pad", "NOTSET") === "NOTSET";
  if (!x.shape || !kernel2 || !explicit) return [{ code: x.code }];
  const [batch, , ...extents] = x.shape;
  const at = (name, axis, otherwise) => attributes.ints(name)?.[axis] ?? otherwise;
  const filters = kernel2[1];
  const spatial = extents.map((extent, axis) => {
    const size2 = kernel2[2 + axis];
    if (typeof extent !== "number" || typeof size2 !== "number") return null;
    const reach = at("dilations", axis, 1) * (size2 - 1) + 1 + at("output_padding", axis, 0);
    return at("strides", axis, 1) * (extent - 1) + reach - at("pads", axis, 0) - at("pads", axis + extents.length, 0);
  });
  return [
    { code: x.code, shape: [batch, typeof filters === "number" ? filters * attributes.int("group", 1) : null, ...spatial] }
  ];
};
function imageExtents(shape) {
  if (shape.length === 4) return shape;
  if (shape.length === 3) return [shape[0], shape[1], 1, shape[2]];
  throw new NoGradient(`its windows move over ${shape.length - 2} axes; known are one and two`);
}
function windowsOf(attributes, kernel2, input, output) {
  const pair = (given, otherwise) => {
    const [first = otherwise, second = otherwise] = given;
    return kernel2.length === 1 ? [otherwise, first] : [first, second];
  };
  const [size2, strides, dilations] = [kernel2, attributes.ints("strides") ?? [], attributes.ints("dilations") ?? []].map(
    (given) => pair(given, 1)
  );
  const starts = pair(attributes.ints("pads")?.slice(0, kernel2.length) ?? [], 0);
  const autoPad = attributes.string("auto_pad", "NOTSET");
  const [from, to] = [imageExtents(input), imageExtents(output)];
  const [vertical, horizontal] = [0, 1].map((axis) => {
    const reach = (to[2 + axis] - 1) * strides[axis] + dilations[axis] * (size2[axis] - 1) + 1;
    const total = reach - from[2 + axis];
    const before = { SAME_UPPER: Math.floor(Math.max(total, 0) / 2), SAME_LOWER: Math.ceil(Math.max(total, 0) / 2) }[autoPad];
    const start = autoPad === "VALID" ? 0 : before ?? starts[axis];
    return { start, end: total - start };
  });
  return { kernel: size2, strides, dilations, pads: [vertical.start, horizontal.start, vertical.end, horizontal.end] };
}
function windowAttributes({ kernel: kernel2, strides, dilations, pads }) {
  return { kernel_shape: kernel2, strides, dilations, pads };
}
function asImages(node, emit) {
  const [x, w] = node.inputs;
  const [given, kernel2, output] = [emit.shape(x), emit.shape(w), imageExtents(emit.shape(node.outputs[0]))];
  const [input, weights] = [imageExtents(given), imageExtents(kernel2)];
  const windows2 = windowsOf(node.attributes, kernel2.slice(2), input, output);
  return { x: emit.reshape(x, input), w: emit.reshape(w, weights), input, weights, output, windows: windows2 };
}
function convGradient(node, gradient, factor, emit) {
  const { inputs, attributes, wants } = node;
  const { x, w, input, weights, output, windows: windows2 } = asImages(node, emit);
  const dy = emit.reshape(gradient, output);
  const group = attributes.int("group", 1);
  const perFilter = factor && emit.reshape(factor, [weights[0], 1, 1, 1]);
  const common = { ...windowAttributes(windows2), group };
  const dX = () => {
    const scaled = perFilter ? emit.mul(w, perFilter) : w;
    return emit.reshape(emit.kernel("ConvInputGradient", [dy, scaled], { ...common, shape: input }), emit.shape(inputs[0]));
  };
  const dW = () => {
    const raw = emit.kernel("ConvWeightGradient", [x, dy], common);
    return emit.reshape(perFilter ? emit.mul(raw, perFilter) : raw, emit.shape(inputs[1]));
  };
  const db = () => {
    const sum3 = emit.kernel("ChannelSum", [dy]);
    return factor ? emit.mul(sum3, factor) : sum3;
  };
  return [wants(0) ? dX() : void 0, wants(1) ? dW() : void 0, inputs[2] && wants(2) ? db() : void 0];
}
var CONV_GRADIENT = {
  gradient: (node, [g], emit) => convGradient(node, g, void 0, emit),
  scaledGradient: (node, { value, factor }, emit) => convGradient(node, value, factor, emit)
};
var CONVOLUTIONS = {
  Conv: { shape: convShape, ...CONV_GRADIENT, learns: [1, 2] },
  ConvTranspose: {
    shape: convTranspose,
    gradient: { refused: "transposed convolutions draw maps and are not part of classifiers here" }
  }
};

// src/onnx/ops/resize.ts
var round = Math.fround;
var resizeShape = ({ inputs: [x, , scales, sizes], attributes }) => {
  if (!x.shape) return [{ code: x.code }];
  const axes = attributes.ints("axes") ?? [...x.shape.keys()];
  const isStretched = attributes.string("keep_aspect_ratio_policy", "stretch") === "stretch";
  const [targets, factors] = [numbers(sizes?.value), scales?.floats];
  const shape = [...x.shape];
  axes.forEach((signed, i) => {
    const axis = normalAxis(signed, shape.length);
    const [extent, factor] = [shape[axis], factors?.[i]];
    const scaled = typeof extent === "number" ? Math.floor(round(extent * (factor ?? Number.NaN))) : factor === 1 ? extent : null;
    shape[axis] = targets?.length ? isStretched ? targets[i] : null : Number.isNaN(scaled) ? null : scaled;
  });
  return [{ code: x.code, shape }];
};
var halfPixel = (at, scale) => round(round((at + 0.5) / scale) - 0.5);
var COORDINATES = {
  half_pixel: halfPixel,
  // The centre stays the centre where the extent was rounded.
  half_pixel_symmetric(at, scale, from, to) {
    const offset = round(from / 2 * round(1 - round(to / round(scale * from))));
    return round(offset + (at + 0.5) / scale - 0.5);
  },
  pytorch_half_pixel: (at, scale, _, to) => to > 1 ? halfPixel(at, scale) : 0,
  asymmetric: (at, scale) => round(at / scale),
  align_corners: (at, _, from, to) => to === 1 ? 0 : round(round(at * (from - 1)) / (to - 1))
};
var ROUNDINGS = {
  round_prefer_floor: (place) => Math.ceil(place - 0.5),
  round_prefer_ceil: (place) => Math.floor(place + 0.5),
  floor: Math.floor,
  ceil: Math.ceil
};
function axisMatrix({ attributes }, from, to, scale) {
  const mode = attributes.string("mode", "nearest");
  const place = COORDINATES[attributes.string("coordinate_transformation_mode", "half_pixel")];
  const nearest = ROUNDINGS[attributes.string("nearest_mode", "round_prefer_floor")];
  if (place === void 0 || !["nearest", "linear"].includes(mode) || attributes.int("antialias", 0) === 1) {
    throw new NoGradient(`its derivative is written for modes "nearest" and "linear", without antialias or crop`);
  }
  const matrix = new Array(to * from).fill(0);
  const clamp = (index) => Math.min(Math.max(index, 0), from - 1);
  for (let at = 0; at < to; at++) {
    const where3 = place(at, scale, from, to);
    if (mode === "nearest") {
      matrix[at * from + clamp(nearest(where3))] = 1;
    } else {
      const inside = Math.min(Math.max(where3, 0), from - 1);
      const low = Math.floor(inside);
      matrix[at * from + low] += 1 - (inside - low);
      matrix[at * from + clamp(low + 1)] += inside - low;
    }
  }
  return matrix;
}
var resizeGradient = (node, [g], emit) => {
  const [x, , scales] = node.inputs;
  const [input, output] = [emit.shape(x), emit.shape(node.outputs[0])];
  const given = scales ? emit.numbers(scales) : [];
  if (given === void 0) throw new NoGradient("its scales are not constants");
  const axes = (node.attributes.ints("axes") ?? [...input.keys()]).map((axis) => normalAxis(axis, input.length));
  return [
    axes.reduce((value, axis, i) => {
      const [from, to] = [input[axis], output[axis]];
      const factor = given.length > 0 ? given[i] : round(to / from);
      return from === to && factor === 1 ? value : alongAxis(node, value, axis, from, factor, emit);
    }, g)
  ];
};
function alongAxis(node, value, axis, from, scale, emit) {
  const shape = emit.shape(value);
  const to = shape[axis];
  const matrix = emit.constant([to, from], axisMatrix(node, from, to, scale));
  const last = shape.length - 1;
  const swap = [...shape.keys()].with(axis, last).with(last, axis);
  return emit.transpose(emit.op("MatMul", [emit.transpose(value, swap), matrix]), swap);
}

// src/onnx/ops/indexing.ts
var slice = ({ inputs: [x, ...given], attributes }) => {
  const parameter = (name, position) => attributes.ints(name) ?? numbers(given[position]?.value);
  const starts = parameter("starts", 0);
  const ends = parameter("ends", 1);
  if (!x.shape || !starts || !ends) return [{ code: x.code, shape: x.shape && nulls(x.shape.length) }];
  const axes = parameter("axes", 2) ?? starts.map((_, i) => i);
  const steps = parameter("steps", 3) ?? starts.map(() => 1);
  const shape = [...x.shape];
  let value = x.value;
  axes.forEach((given2, i) => {
    const axis = normalAxis(given2, shape.length);
    const extent = shape[axis];
    if (typeof extent !== "number") {
      if (!(starts[i] === 0 && ends[i] >= 2 ** 31 - 1 && steps[i] === 1)) shape[axis] = null;
      return;
    }
    const clamp = (position) => {
      const [low, high] = steps[i] < 0 ? [-1, extent - 1] : [0, extent];
      return Math.min(Math.max(position < 0 ? Math.max(position + extent, low) : position, low), high);
    };
    const [start, end] = [clamp(starts[i]), clamp(ends[i])];
    shape[axis] = Math.max(0, Math.ceil((end - start) / steps[i]));
    value = steps[i] === 1 ? value?.slice(start, end) : void 0;
  });
  return [{ code: x.code, shape, value }];
};
var gather = ({ inputs: [x, indices], attributes }) => {
  if (!x.shape || !indices.shape) return [{ code: x.code }];
  const axis = normalAxis(attributes.int("axis", 0), x.shape.length);
  const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
  const value = x.value && numbers(indices.value)?.map((index) => x.value.at(index) ?? null);
  return [{ code: x.code, shape, value }];
};
var pad = ({ inputs: [x, given, , chosen], attributes }) => {
  const pads = attributes.ints("pads") ?? attributes.ints("paddings") ?? numbers(given?.value);
  const axes = chosen?.shape ? numbers(chosen.value) : x.shape && [...x.shape.keys()];
  if (!x.shape || !pads || !axes) return [{ code: x.code, shape: x.shape && nulls(x.shape.length) }];
  const shape = [...x.shape];
  axes.forEach((signed, i) => {
    const axis = normalAxis(signed, shape.length);
    shape[axis] = plus(shape[axis], pads[i] + pads[i + axes.length]);
  });
  return [{ code: x.code, shape }];
};
function cutsOf({ attributes, inputs: [x, ...given], outputs: [y] }, emit) {
  const [input, output] = [emit.shape(x), emit.shape(y)];
  const parameter = (name, position) => attributes.ints(name) ?? (given[position] ? emit.numbers(given[position]) : void 0);
  const starts = parameter("starts", 0);
  if (starts === void 0) throw new NoGradient("its starts are not constants");
  const axes = parameter("axes", 2) ?? starts.map((_, i) => i);
  const steps = parameter("steps", 3) ?? starts.map(() => 1);
  return axes.map((signed, i) => {
    const axis = normalAxis(signed, input.length);
    const start = starts[i] < 0 ? starts[i] + input[axis] : starts[i];
    const last = steps[i] < 0 ? input[axis] - 1 : input[axis];
    return { axis, start: Math.min(Math.max(start, 0), last), count: output[axis], step: steps[i] };
  });
}
var sliced = (node, [g], emit) => {
  const whole = emit.shape(node.inputs[0]);
  let value = g;
  for (const { axis, start, count, step: step2 } of cutsOf(node, emit)) {
    const shape = [...emit.shape(value)];
    let first = start;
    let stride = step2;
    if (step2 < 0) {
      value = emit.op("Slice", [value, emit.ints([-1]), emit.ints([-whole[axis] - 1]), emit.ints([axis]), emit.ints([-1])]);
      first = start + (count - 1) * step2;
      stride = -step2;
    }
    if (stride > 1) {
      const spaced = emit.pad(emit.reshape(value, shape.toSpliced(axis + 1, 0, 1)), axis + 1, 0, stride - 1);
      value = emit.reshape(spaced, shape.with(axis, count * stride));
    }
    value = emit.pad(value, axis, first, whole[axis] - first - count * stride);
  }
  return [value];
};
var gathered = ({ attributes, inputs: [x, indices] }, [g], emit) => {
  const [shape, places] = [emit.shape(x), emit.shape(indices)];
  const axis = normalAxis(attributes.int("axis", 0), shape.length);
  const axes = [...shape.keys()];
  const front = [axis, ...axes.filter((at) => at !== axis)];
  const rank = emit.shape(g).length;
  const order = [...Array(rank).keys()];
  const placed = order.slice(axis, axis + places.length);
  const updates = emit.transpose(g, [...placed, ...order.filter((at) => !placed.includes(at))]);
  const zeros = emit.zeros(front.map((at) => shape[at]));
  const rows2 = emit.graph.typeOf(indices) === INT64 ? indices : emit.op("Cast", [indices], { to: INT64 });
  const sum3 = emit.op("ScatterND", [zeros, emit.reshape(rows2, [...places, 1]), updates], { reduction: "add" });
  return [
    emit.transpose(
      sum3,
      axes.map((at) => front.indexOf(at))
    )
  ];
};
var padded = ({ attributes, inputs: [x, given, filling, chosen], wants }, [g], emit) => {
  const mode = attributes.string("mode", "constant");
  if (mode !== "constant") throw new NoGradient(`the derivative of mode "${mode}" is not written yet`);
  const whole = emit.shape(x);
  const pads = attributes.ints("pads") ?? emit.numbers(given);
  const axes = chosen ? emit.numbers(chosen) : [...whole.keys()];
  if (pads === void 0 || axes === void 0) throw new NoGradient("its pads are not constants");
  let value = g;
  axes.forEach((signed, i) => {
    const axis = normalAxis(signed, whole.length);
    value = emit.pad(value, axis, -pads[i], -pads[i + axes.length]);
  });
  const total = (gradient) => emit.sum(gradient, [...whole.keys()]);
  return [value, void 0, filling && wants(2) ? emit.sub(total(g), total(value)) : void 0];
};
var tile = ({ inputs: [x, repeats] }) => {
  const times2 = numbers(repeats?.value);
  const known = x.shape && times2;
  return [
    {
      code: x.code,
      shape: known ? x.shape.map((extent, i) => typeof extent === "number" ? extent * times2[i] : null) : void 0
    }
  ];
};
var tiled = ({ inputs: [x, repeats] }, [g], emit) => {
  const times2 = emit.numbers(repeats);
  if (times2 === void 0) throw new NoGradient("its repeats are not constants");
  const split2 = emit.shape(x).flatMap((extent, i) => [times2[i], extent]);
  return [
    emit.sum(
      emit.reshape(g, split2),
      times2.map((_, i) => 2 * i)
    )
  ];
};
var INDEXING = {
  Slice: { shape: slice, gradient: sliced },
  Gather: { shape: gather, gradient: gathered, learns: [0] },
  Pad: { shape: pad, gradient: padded },
  Tile: { shape: tile, gradient: tiled },
  Resize: { shape: resizeShape, gradient: resizeGradient },
  ...rows(
    { shape: ({ inputs: [x] }) => [{ code: x.code }], gradient: { refused: "its derivative is not written yet" } },
    "GatherElements GatherND TopK Einsum"
  ),
  ...rows({ shape: same, gradient: { refused: "its derivative is not written yet" } }, "ScatterElements ScatterND Trilu")
};

// src/onnx/ops/normalization.ts
var EPSILON = 1e-5;
function inverseDeviation(emit, variance, epsilon) {
  return emit.op("Reciprocal", [emit.op("Sqrt", [emit.add(variance, emit.scalar(epsilon))])]);
}
function countPerChannel(emit, x) {
  return emit.shape(x).reduce((product2, extent, axis) => axis === 1 ? product2 : product2 * extent, 1);
}
var frozenGradient = ({ inputs: [x, , , mean3], saved: [a, rstd], wants }, [g], emit) => {
  const sum3 = [1, 2, 3, 4].some(wants) ? emit.kernel("ChannelSum", [g]) : void 0;
  const centred = () => emit.sub(emit.kernel("ChannelDot", [g, x]), emit.mul(mean3, sum3));
  const dGamma = wants(1) || wants(4) ? emit.mul(centred(), rstd) : void 0;
  return [
    wants(0) ? { value: g, factor: a } : void 0,
    wants(1) ? dGamma : void 0,
    wants(2) ? sum3 : void 0,
    wants(3) ? emit.neg(emit.mul(a, sum3)) : void 0,
    wants(4) ? emit.mul(emit.mul(emit.mul(a, rstd), dGamma), -0.5) : void 0
  ];
};
var batchGradient = fromFirstOutput(({ saved: [x, a, rstd], wants }, [g], emit) => {
  const count = countPerChannel(emit, x);
  const sum3 = emit.kernel("ChannelSum", [g]);
  const dot3 = emit.kernel("ChannelDot", [g, x]);
  const slope = emit.mul(emit.mul(dot3, emit.mul(rstd, rstd)), -1 / count);
  const value = () => emit.kernel("ChannelAffine", [x, slope, emit.mul(sum3, -1 / count), g]);
  return [
    wants(0) ? { value: value(), factor: a } : void 0,
    wants(1) ? emit.mul(dot3, rstd) : void 0,
    wants(2) ? sum3 : void 0
  ];
});
function normalizeBatch({ attributes, inputs: [, scale, bias, runningMean, runningVariance], outputs }, centred, mean3, emit) {
  const count = countPerChannel(emit, centred);
  const momentum = attributes.float("momentum", 0.9);
  const squares = emit.kernel("ChannelDot", [centred, centred]);
  const rstd = inverseDeviation(emit, emit.mul(squares, 1 / count), attributes.float("epsilon", EPSILON));
  const a = emit.mul(scale, rstd);
  emit.kernel("ChannelAffine", [centred, a, bias], {}, outputs[0]);
  const mixed = (running, batch, share, output) => {
    if (output) emit.op("Add", [emit.mul(running, momentum), emit.mul(batch, share)], {}, output);
  };
  mixed(runningMean, mean3, 1 - momentum, outputs[1]);
  mixed(runningVariance, squares, (1 - momentum) / Math.max(count - 1, 1), outputs[2]);
  return [centred, a, rstd];
}
var isTraining = ({ attributes }) => attributes.int("training_mode", 0) === 1;
var layerGradient = ({ inputs: [x, scale, bias], attributes, saved: [mean3, rstd], wants }, [g], emit) => {
  const { length } = emit.shape(x);
  const axis = normalAxis(attributes.int("axis", -1), length);
  const axes = [...Array(length).keys()].slice(axis);
  const count = axes.reduce((product2, at) => product2 * emit.shape(x)[at], 1);
  const normal = emit.mul(emit.sub(x, mean3), rstd);
  const scaled = emit.mul(g, scale);
  const average = (value) => emit.mul(emit.sum(value, axes, true), 1 / count);
  const dx = () => emit.mul(rstd, emit.sub(emit.sub(scaled, average(scaled)), emit.mul(normal, average(emit.mul(scaled, normal)))));
  return [wants(0) ? dx() : void 0, wants(1) ? emit.mul(g, normal) : void 0, bias && wants(2) ? g : void 0];
};
var NORMALIZATIONS = {
  BatchNormalization: {
    shape: ({ inputs: [x, , , mean3, variance] }) => [{ code: x.code, shape: x.shape }, mean3 ?? {}, variance ?? {}],
    gradient: (node, gradients, emit) => (isTraining(node) ? batchGradient : frozenGradient)(node, gradients, emit),
    learns: [1, 2],
    forward(node, emit) {
      const { attributes, inputs, outputs } = node;
      const [x, scale, bias, mean3, variance] = inputs;
      if (isTraining(node)) {
        const batchMean = emit.mul(emit.kernel("ChannelSum", [x]), 1 / countPerChannel(emit, x));
        const ones = emit.filled(1, emit.shape(scale));
        return normalizeBatch(node, emit.kernel("ChannelAffine", [x, ones, emit.neg(batchMean)]), batchMean, emit);
      }
      const rstd = inverseDeviation(emit, variance, attributes.float("epsilon", EPSILON));
      const a = emit.mul(scale, rstd);
      emit.kernel("ChannelAffine", [x, a, emit.sub(bias, emit.mul(mean3, a))], {}, outputs[0]);
      return [a, rstd];
    }
  },
  LayerNormalization: {
    shape: ({ inputs: [x], attributes }) => {
      const axis = x.shape && normalAxis(attributes.int("axis", -1), x.shape.length);
      const statistic = { code: FLOAT, shape: x.shape?.map((extent, at) => at < axis ? extent : 1) };
      return [{ code: x.code, shape: x.shape }, statistic, statistic];
    },
    gradient: fromFirstOutput(layerGradient),
    learns: [1, 2],
    forward({ attributes, inputs, outputs: [y, mean3, rstd] }, emit) {
      const saved = [mean3 || `${y}/mean`, rstd || `${y}/rstd`];
      emit.op("LayerNormalization", inputs, attributes.all(), [y, ...saved]);
      return saved;
    }
  },
  ...rows(
    { shape: same, gradient: { refused: "its derivative is not written yet" } },
    "GroupNormalization InstanceNormalization LRN LpNormalization MeanVarianceNormalization"
  )
};

// src/onnx/ops/kernels.ts
var LAST = { refused: "second derivatives are not made here" };
var like = ({ inputs: [x] }) => [{ code: x.code, shape: x.shape }];
var perChannel = ({ inputs: [x] }) => [{ code: x.code, shape: x.shape && [x.shape[1]] }];
var declared = ({ inputs: [x], attributes }) => [{ code: x.code, shape: attributes.ints("shape") }];
var weightGradient = ({ inputs: [x, dy], attributes }) => {
  const [channels] = numbers(x.shape?.slice(1, 2)) ?? [];
  const group = attributes.int("group", 1);
  const kernel2 = attributes.ints("kernel_shape") ?? [];
  return [{ code: x.code, shape: dy.shape && channels !== void 0 ? [dy.shape[1], channels / group, ...kernel2] : void 0 }];
};
var KERNELS = {
  ConvInputGradient: { shape: declared, gradient: LAST },
  ConvWeightGradient: { shape: weightGradient, gradient: LAST },
  ChannelSum: { shape: perChannel, gradient: LAST },
  ChannelDot: { shape: perChannel, gradient: LAST },
  ChannelAffine: { shape: like, gradient: LAST },
  ClipGradient: { shape: like, gradient: LAST },
  CentredConv: {
    shape: (node) => {
      const [y] = convShape(node);
      return [y, { code: y.code, shape: y.shape && [y.shape[1]] }];
    },
    ...CONV_GRADIENT
  },
  CentredBatchNormalization: {
    shape: ({ inputs: [x, , , mean3, variance] }) => [{ code: x.code, shape: x.shape }, mean3 ?? {}, variance ?? {}],
    gradient: batchGradient,
    forward: (node, emit) => normalizeBatch(node, node.inputs[0], node.inputs[5], emit)
  }
};

// src/onnx/ops/pooling.ts
var pool = ({ inputs: [x], attributes, outputCount }) => {
  if (!x.shape) return [{ code: x.code }];
  const shape = [...x.shape.slice(0, 2), ...windows(x.shape.slice(2), attributes.ints("kernel_shape") ?? [], attributes)];
  return [{ code: x.code, shape }, ...outputCount > 1 ? [{ code: INT64, shape }] : []];
};
var globalPool = ({ inputs: [x] }) => [
  { code: x.code, shape: x.shape?.map((extent, axis) => axis < 2 ? extent : 1) }
];
var averagePool = ({ inputs: [x], outputs: [y], attributes }, [g], emit) => {
  const [input, output] = [imageExtents(emit.shape(x)), imageExtents(emit.shape(y))];
  const kernel2 = attributes.ints("kernel_shape") ?? [];
  const given = windowsOf(attributes, kernel2, input, output);
  const includesPads = attributes.int("count_include_pad", 0) === 1;
  const pads = attributes.ints("pads") ?? [];
  const ends = attributes.string("auto_pad", "NOTSET") === "NOTSET" ? [0, 0, ...pads.slice(kernel2.length)].slice(-2) : given.pads.slice(2);
  const [rowCounts, columnCounts] = [0, 1].map(
    (axis) => Array.from({ length: output[2 + axis] }, (_, at) => {
      const first = at * given.strides[axis] - given.pads[axis];
      const places = Array.from({ length: given.kernel[axis] }, (_2, k) => first + k * given.dilations[axis]);
      const [from, to] = includesPads ? [first, input[2 + axis] + Math.max(ends[axis], 0)] : [0, input[2 + axis]];
      return places.filter((place) => place >= from && place < to).length;
    })
  );
  const shares = rowCounts.flatMap((rows2) => columnCounts.map((columns) => 1 / (rows2 * columns)));
  const even = shares.every((share2) => share2 === shares[0]);
  const share = even ? emit.scalar(shares[0]) : emit.constant([1, 1, output[2], output[3]], shares);
  const ones = emit.filled(1, [input[1], 1, ...given.kernel]);
  const spread3 = { ...windowAttributes(given), group: input[1], shape: input };
  const dx = emit.kernel("ConvInputGradient", [emit.mul(emit.reshape(g, output), share), ones], spread3);
  return [emit.reshape(dx, emit.shape(x))];
};
var globalAverage = ({ inputs: [x] }, [g], emit) => {
  const shape = emit.shape(x);
  const pixels = shape.slice(2).reduce((product2, extent) => product2 * extent, 1);
  return [emit.op("Expand", [emit.mul(g, 1 / pixels), emit.ints(shape)])];
};
var globalMax = ({ inputs: [x], outputs: [y] }, [g], emit) => {
  const hits = emit.op("Cast", [emit.op("Equal", [x, y])], { to: 1 });
  const axes = [...emit.shape(x).keys()].slice(2);
  return [emit.mul(hits, emit.div(g, emit.sum(hits, axes, true)))];
};
var maxPool = ({ inputs: [x], outputs: [y], saved: [indices] }, [g], emit) => {
  const [input, output] = [emit.shape(x), emit.shape(y)];
  const [from, to] = [input, output].map((shape) => shape.reduce((product2, extent) => product2 * extent, 1));
  const inputs = [emit.zeros([from]), emit.reshape(indices, [to]), emit.reshape(g, [to])];
  return [emit.reshape(emit.op("ScatterElements", inputs, { axis: 0, reduction: "add" }), input)];
};
var POOLS = {
  AveragePool: { shape: pool, gradient: averagePool },
  MaxPool: {
    shape: pool,
    gradient: maxPool,
    forward({ attributes, inputs, outputs }, emit) {
      const indices = outputs[1] || `${outputs[0]}/indices`;
      const { storage_order: _, ...rest2 } = attributes.all();
      emit.op("MaxPool", inputs, rest2, [outputs[0], indices]);
      return [indices];
    }
  },
  GlobalAveragePool: { shape: globalPool, gradient: globalAverage },
  GlobalMaxPool: { shape: globalPool, gradient: globalMax },
  ...rows({ shape: globalPool, gradient: { refused: "its derivative is not written yet" } }, "GlobalLpPool"),
  ...rows({ shape: pool, gradient: { refused: "its derivative is not written yet" } }, "LpPool")
};

// src/onnx/ops/product.ts
var gemm = ({ inputs: [a, b], attributes }) => {
  if (a.shape?.length !== 2 || b.shape?.length !== 2) return [{ code: a.code }];
  const [rows2, inner] = attributes.int("transA", 0) === 1 ? [a.shape[1], a.shape[0]] : a.shape;
  const [depth, columns] = attributes.int("transB", 0) === 1 ? [b.shape[1], b.shape[0]] : b.shape;
  return product("Gemm", a, b, [rows2, columns], inner, depth);
};
var matMul = ({ inputs: [a, b] }) => {
  if (!a.shape?.length || !b.shape?.length) return [{ code: a.code }];
  const batch = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const sides = [...a.shape.slice(-2, -1), ...b.shape.length > 1 ? b.shape.slice(-1) : []];
  return product("MatMul", a, b, [...batch, ...sides], a.shape.at(-1), b.shape.at(b.shape.length > 1 ? -2 : -1));
};
function product(op, a, b, shape, inner, depth) {
  if (typeof inner === "number" && typeof depth === "number" && inner !== depth) {
    throw new ShapeError(`${op} of ${shapeText(a.shape)} and ${shapeText(b.shape)}`);
  }
  return [{ code: a.code, shape }];
}
var gemmGradient = ({ attributes, inputs: [a, b, c], wants }, [g], emit) => {
  const [transA, transB] = [attributes.int("transA", 0), attributes.int("transB", 0)];
  const alpha = attributes.float("alpha", 1);
  const beta = attributes.float("beta", 1);
  const times2 = (left, right, transLeft, transRight) => emit.op("Gemm", [left, right], { transA: transLeft, transB: transRight, ...alpha !== 1 && { alpha } });
  return [
    wants(0) ? transA ? times2(b, g, transB, 1) : times2(g, b, 0, 1 - transB) : void 0,
    wants(1) ? transB ? times2(g, a, 1, transA) : times2(a, g, 1 - transA, 0) : void 0,
    c && wants(2) ? beta === 1 ? g : emit.mul(g, beta) : void 0
  ];
};
function inRows(emit, value, width) {
  return emit.reshape(value, [sizeOf(emit.shape(value)) / width, width]);
}
var matMulGradient = ({ inputs: [a, b], wants }, [g], emit) => {
  const [left, right, out] = [emit.shape(a), emit.shape(b), emit.shape(g)];
  const rows2 = left.length === 1 ? emit.reshape(a, [1, ...left]) : a;
  const columns = right.length === 1 ? emit.reshape(b, [...right, 1]) : b;
  const batch = out.slice(0, Math.max(left.length, right.length, 2) - 2);
  const height = left.length === 1 ? 1 : left[left.length - 2];
  const dy = emit.reshape(g, [...batch, height, right.length === 1 ? 1 : right[right.length - 1]]);
  const transposed2 = (value) => {
    const { length } = emit.shape(value);
    const axes = [...Array(length).keys()];
    return emit.transpose(value, [...axes.slice(0, -2), length - 1, length - 2]);
  };
  const back = (value, shape) => shape.length === 1 ? flattened(value, shape[0]) : value;
  const flattened = (value, size2) => {
    const { length } = emit.shape(value);
    return emit.reshape(emit.sum(value, [...Array(length - 2).keys()]), [size2]);
  };
  const ofAllRows = () => {
    const [depth, width] = emit.shape(columns);
    return emit.reshape(emit.op("Gemm", [inRows(emit, rows2, depth), inRows(emit, dy, width)], { transA: 1 }), right);
  };
  return [
    wants(0) ? back(emit.op("MatMul", [dy, transposed2(columns)]), left) : void 0,
    wants(1) ? right.length <= 2 ? ofAllRows() : back(emit.op("MatMul", [transposed2(rows2), dy]), right) : void 0
  ];
};
var PRODUCTS = {
  Gemm: { shape: gemm, gradient: gemmGradient, learns: [0, 1, 2] },
  MatMul: { shape: matMul, gradient: matMulGradient, learns: [0, 1] }
};

// src/onnx/ops/reduction.ts
function reducedAxes(rank, axes, attributes) {
  if (axes?.length) return new Set(axes.map((axis) => normalAxis(axis, rank)));
  return new Set(attributes.int("noop_with_empty_axes", 0) === 1 ? [] : Array(rank).keys());
}
var reduce = (code) => ({ inputs: [x, given], attributes }) => {
  const axes = attributes.ints("axes") ?? numbers(given?.value);
  const kept = attributes.int("keepdims", 1) === 1;
  if (!x.shape || given?.shape && !axes) return [{ code: code ?? x.code }];
  const reduced = reducedAxes(x.shape.length, axes, attributes);
  const shape = x.shape.flatMap((extent, axis) => reduced.has(axis) ? kept ? [1] : [] : [extent]);
  return [{ code: code ?? x.code, shape }];
};
var arg = ({ inputs: [x], attributes }) => {
  if (!x.shape) return [{ code: INT64 }];
  const axis = normalAxis(attributes.int("axis", 0), x.shape.length);
  return [{ code: INT64, shape: attributes.int("keepdims", 1) === 1 ? x.shape.with(axis, 1) : x.shape.toSpliced(axis, 1) }];
};
function restored({ inputs: [x, given], attributes }, value, emit) {
  const shape = emit.shape(x);
  const axes = attributes.ints("axes") ?? (given ? emit.numbers(given) : []);
  if (axes === void 0) throw new NoGradient("its axes are not constants");
  const reduced = reducedAxes(shape.length, axes, attributes);
  const kept = shape.map((extent, axis) => reduced.has(axis) ? 1 : extent);
  const count = [...reduced].reduce((product2, axis) => product2 * shape[axis], 1);
  return { value: emit.reshape(value, kept), count, axes: [...reduced] };
}
var spread2 = (emit, value, like2) => emit.op("Expand", [value, emit.ints(emit.shape(like2))]);
var extreme2 = (node, [g], emit) => {
  const [x] = node.inputs;
  const { value, axes } = restored(node, node.outputs[0], emit);
  const hits = emit.op("Cast", [emit.op("Equal", [x, value])], { to: 1 });
  return [emit.mul(hits, emit.div(restored(node, g, emit).value, emit.sum(hits, axes, true)))];
};
var reduction = (rule) => (node, [g], emit) => {
  const { value, count } = restored(node, g, emit);
  return [rule(emit, value, node.inputs[0], restored(node, node.outputs[0], emit).value, count)];
};
var oneForZero = (emit, y) => emit.op("Where", [emit.op("Equal", [y, emit.scalar(0)]), emit.scalar(1), y]);
var of3 = (gradient) => ({ shape: reduce(), gradient });
var REDUCTIONS = {
  ReduceSum: of3(reduction((emit, g, x) => spread2(emit, g, x))),
  ReduceMean: of3(reduction((emit, g, x, _, count) => spread2(emit, emit.mul(g, 1 / count), x))),
  ...rows(of3(extreme2), "ReduceMax ReduceMin"),
  ReduceL1: of3(reduction((emit, g, x) => emit.mul(emit.op("Sign", [x]), g))),
  // x / y; 0 where everything is 0, as PyTorch has it.
  ReduceL2: of3(reduction((emit, g, x, y) => emit.mul(x, emit.div(g, oneForZero(emit, y))))),
  ReduceSumSquare: of3(reduction((emit, g, x) => emit.mul(x, emit.mul(g, 2)))),
  // y = ln Σ eˣ: eˣ⁻ʸ
  ReduceLogSumExp: of3(reduction((emit, g, x, y) => emit.mul(emit.op("Exp", [emit.sub(x, y)]), g))),
  ReduceLogSum: of3(reduction((emit, g, x, y) => spread2(emit, emit.mul(g, emit.op("Exp", [emit.neg(y)])), x))),
  ReduceProd: of3({ refused: "its derivative is not written yet" }),
  ...rows({ shape: arg, gradient: "zero" }, "ArgMax ArgMin")
};

// src/onnx/ops/runtime.ts
var NCHWC_DOMAIN = "com.microsoft.nchwc";
var row = (shape) => ({ shape, gradient: { refused: "it belongs to a layout" } });
var fusedMatMul = ({ inputs: [a, b], attributes }) => {
  if (a.shape?.length !== 3 || b.shape?.length !== 3) return [{ code: a.code }];
  const rows2 = attributes.int("transA", 0) === 1 ? a.shape[2] : a.shape[1];
  const columns = attributes.int("transB", 0) === 1 ? b.shape[1] : b.shape[2];
  return [{ code: a.code, shape: [a.shape[0], rows2, columns] }];
};
var reorderOutput = ({ inputs: [x], attributes }) => {
  if (x.shape?.length !== 4) return [{ code: x.code }];
  const [n, , h, w] = x.shape;
  const channels = attributes.int("channels", 0);
  return [{ code: x.code, shape: attributes.int("channels_last", 0) === 1 ? [n, h, w, channels] : [n, channels, h, w] }];
};
var RUNTIME_OPS = {
  FusedMatMul: row(fusedMatMul)
};
var BLOCKED_OPS = {
  Conv: row((node) => CONVOLUTIONS.Conv.shape(node)),
  GlobalAveragePool: row((node) => POOLS.GlobalAveragePool.shape(node)),
  ReorderInput: row(({ inputs: [x] }) => [{ code: x.code, shape: x.shape }]),
  ReorderOutput: row(reorderOutput)
};

// src/onnx/ops.ts
var OPS = {
  ...ARITHMETIC,
  ...ACTIVATION_OPS,
  ...PRODUCTS,
  ...CONVOLUTIONS,
  ...POOLS,
  ...NORMALIZATIONS,
  ...REDUCTIONS,
  ...ARRANGEMENTS,
  ...INDEXING,
  ...CONSTANTS
};
var DOMAINS = {
  "": OPS,
  "ai.onnx": OPS,
  [KERNEL_DOMAIN]: KERNELS,
  "com.microsoft": RUNTIME_OPS,
  [NCHWC_DOMAIN]: BLOCKED_OPS
};
function opOf({ domain, opType }) {
  const table = Object.hasOwn(DOMAINS, domain) ? DOMAINS[domain] : void 0;
  return table && Object.hasOwn(table, opType) ? table[opType] : void 0;
}

// src/onnx/shapes.ts
function inferNode(node, known) {
  const view = {
    inputs: node.input.map((name) => known.get(name) ?? {}),
    attributes: attributesOf(node),
    outputCount: node.output.length
  };
  const outputs = opOf(node)?.shape(view) ?? [];
  return node.output.map((_, index) => outputs[index] ?? {});
}
function withDeclared(known, declared2) {
  const type = known.shape === void 0 && declared2 ? tensorTypeOf(declared2) : void 0;
  return type?.shape ? { ...known, code: known.code ?? type.code, shape: type.shape } : known;
}
function declarationsFor({ input, valueInfo: infos }, shapeOf2) {
  const symbols = /* @__PURE__ */ new Map();
  for (const info of input) {
    const shape = shapeOf2(info.name);
    for (const [axis, extent] of (tensorTypeOf(info)?.shape ?? []).entries()) {
      const now = shape?.[axis] ?? null;
      if (typeof extent === "number" && now !== extent) return [];
      if (typeof extent === "string") symbols.set(extent, symbols.has(extent) && symbols.get(extent) !== now ? null : now);
    }
  }
  return infos.flatMap((info) => {
    const type = tensorTypeOf(info);
    if (!type?.shape) return [];
    const shape = type.shape.map((extent) => {
      const now = typeof extent === "string" ? symbols.get(extent) ?? null : extent;
      return typeof now === "number" && !(now >= 1) ? null : now;
    });
    return [valueInfo(info.name, { ...type, shape })];
  });
}

// src/onnx/builder.ts
var IR_VERSION = 8;
var DEFAULT_OPSET = 17;
var SMALL = 64n;
var GraphBuilder = class {
  #inputs = [];
  #outputs = [];
  #initializers = [];
  #nodes = [];
  #known = /* @__PURE__ */ new Map();
  /** Constants of few numbers, which rules may look into. */
  #small = /* @__PURE__ */ new Map();
  /** Operator domain → version; "" are the standard operators. */
  #imports = /* @__PURE__ */ new Map();
  #functions = [];
  #sparse = [];
  /** What other graphs declare of tensors that are still to be made, and what was needed of it. */
  #declared = /* @__PURE__ */ new Map();
  #described = [];
  #prefix;
  /** @param prefix of the names that are made here, so that they cannot be those of a graph that is appended */
  constructor({ prefix = "" } = {}) {
    this.#prefix = prefix;
  }
  /** Declares a graph input; strings are symbolic extents such as the batch "N". */
  input(name, dtype, shape) {
    this.#define(name, { code: CODE_OF[dtype], shape });
    this.#inputs.push(valueInfo(name, { code: CODE_OF[dtype], shape }));
    return name;
  }
  /** Adds a constant tensor (weights, or the parameters of an operator). Without a name one is made. */
  constant(tensor, name = this.#fresh("constant")) {
    this.keep(tensorProto(name, tensor));
    return name;
  }
  /**
   * Adds a node and returns its first output. Name all outputs of a node that has several; "" leaves an optional input out.
   *
   * @throws RangeError when an input does not exist, a name is taken, or the shapes cannot go together
   */
  op(opType, inputs, attributes = {}, outputs = this.#fresh(opType.toLowerCase()), domain = "") {
    const output = typeof outputs === "string" ? [outputs] : [...outputs];
    for (const name of inputs) {
      if (name !== "" && !this.#known.has(name)) throw new RangeError(`${opType}: there is no tensor "${name}" yet`);
    }
    const node = newNode({
      opType,
      domain,
      name: output[0],
      input: [...inputs],
      output,
      attribute: Object.entries(attributes).map(([key, value]) => attribute(key, value))
    });
    this.append(node);
    return output[0];
  }
  /**
   * Puts a whole model into this graph. Its tensors get the prefix, except those in `names`: an input is mapped to the
   * value that feeds it, another tensor to the name it shall have here. Outputs are declared by the caller.
   *
   * @throws RangeError when an input is not mapped, a name is taken, or the operator versions differ from what is here
   */
  inline(model, names, prefix) {
    for (const { domain, version } of model.opsetImport) this.#import(domain === "ai.onnx" ? "" : domain, Number(version));
    const rename = (name) => Object.hasOwn(names, name) ? names[name] : prefix + name;
    const graph = renameGraph(graphOf(model), rename);
    for (const { name } of graph.input) this.#get(name);
    this.describe(declarationsFor(graph, (name) => this.#get(name).shape));
    for (const tensor of graph.initializer) this.keep(tensor);
    for (const { values } of graph.sparseInitializer) if (values) this.#define(values.name, {});
    for (const node of graph.node) this.append(node);
    this.#sparse.push(...graph.sparseInitializer);
    this.#functions.push(...model.functions);
  }
  /** Declares an input as another graph declares it. */
  declare(info) {
    this.#define(info.name, tensorTypeOf(info) ?? {});
    this.#inputs.push(info);
  }
  /** Takes over what another graph declares of the tensors between its nodes: it counts where no rule tells their shape. */
  describe(infos) {
    for (const info of infos) this.#declared.set(info.name, info);
  }
  /** Keeps a constant of another graph. */
  keep(tensor) {
    this.#define(tensor.name, knownOf(tensor));
    this.#initializers.push(tensor);
    this.#remember(tensor);
  }
  /** Appends a node of another graph as it is; the domain of the standard operators is "". @throws RangeError as `op` */
  append(node) {
    const inferred = this.#infer(node);
    node.output.forEach((name, index) => {
      if (name === "") return;
      const declared2 = this.#declared.get(name);
      const known = withDeclared(inferred[index], declared2);
      if (declared2 && known !== inferred[index]) this.#described.push(declared2);
      this.#define(name, known);
    });
    const appended = inPlainDomain(node);
    this.#nodes.push(appended);
    if (appended.domain !== "" && !this.#imports.has(appended.domain)) this.#imports.set(appended.domain, 1);
    const tensor = this.#constantOf(appended);
    if (tensor) this.#remember(changed(tensor, { name: node.output[0] }));
  }
  /** Whether there is a tensor of this name. */
  has(value) {
    return this.#known.has(value);
  }
  /** Declares a graph output. The element type defaults to the inferred one, float32 where that is unknown. */
  output(value, dtype) {
    const { code, shape } = this.#get(value);
    this.#outputs.push(valueInfo(value, { code: dtype ? CODE_OF[dtype] : code ?? CODE_OF.float32, shape }));
  }
  /** The inferred shape of a tensor, undefined where an operator without a rule stands before it. */
  shapeOf(value) {
    return this.#get(value).shape;
  }
  /** TensorProto.DataType of a tensor, where it is known. */
  typeOf(value) {
    return this.#get(value).code;
  }
  /** The numbers of a small constant, or of integers that follow from shapes; undefined for everything else. */
  numbersOf(value) {
    const { value: integers } = this.#get(value);
    if (integers?.every((item) => typeof item === "number")) return integers;
    const proto = this.#small.get(value);
    return proto && Array.from(tensorFrom(proto).data, Number);
  }
  /** The version of the standard operators that is fixed by what was put in, if any. */
  get opset() {
    return this.#imports.get("");
  }
  /** The finished model. */
  build({
    opset = this.#imports.get("") ?? DEFAULT_OPSET,
    name = "graph",
    metadata = {}
  } = {}) {
    this.#import("", opset);
    return newModel({
      irVersion: BigInt(IR_VERSION),
      producerName: "sigmax",
      opsetImport: [...this.#imports].sort().map(([domain, version]) => newOpset(domain, version)),
      graph: newGraph({
        name,
        node: this.#nodes,
        initializer: this.#initializers,
        sparseInitializer: this.#sparse,
        input: this.#inputs,
        output: this.#outputs,
        valueInfo: this.#described
      }),
      functions: this.#functions,
      metadataProps: Object.entries(metadata).map(([key, value]) => newEntry(key, value))
    });
  }
  #import(domain, version) {
    const present = this.#imports.get(domain) ?? version;
    if (present !== version) throw new RangeError(`operators "${domain}" are needed in version ${present} and ${version}`);
    this.#imports.set(domain, version);
  }
  /** The small constant that a node writes or copies. */
  #constantOf(node) {
    const isCopy = node.domain === "" && node.opType === "Identity";
    return isCopy ? this.#small.get(node.input[0]) : constantTensor(node);
  }
  #infer(node) {
    try {
      return inferNode(node, this.#known);
    } catch (error) {
      if (!(error instanceof ShapeError)) throw error;
      const inputs = node.input.map((name) => `${name} ${shapeText(this.#known.get(name)?.shape)}`).join(", ");
      throw new RangeError(`${node.opType}(${inputs}): ${error.message}`, { cause: error });
    }
  }
  #get(value) {
    const known = this.#known.get(value);
    if (known === void 0) throw new RangeError(`there is no tensor "${value}" in the graph`);
    return known;
  }
  #define(name, known) {
    if (this.#known.has(name)) throw new RangeError(`the graph has a tensor "${name}" already`);
    this.#known.set(name, known);
  }
  #remember(proto) {
    const isReadable = DATA_TYPES[proto.dataType]?.dtype !== void 0;
    if (isReadable && proto.dims.reduce((product2, extent) => product2 * extent, 1n) <= SMALL) this.#small.set(proto.name, proto);
  }
  #fresh(stem) {
    for (let index = this.#nodes.length + this.#initializers.length; ; index++) {
      const name = `${this.#prefix}${stem}_${index}`;
      if (!this.#known.has(name)) return name;
    }
  }
};

// src/onnx/surgery.ts
var IMAGE = "image";
var EMBEDDING = "embedding";

// src/progress.ts
init_errors();
function throwIfAborted(signal) {
  if (signal?.aborted) throw new UserError("aborted", "stopped", { cause: signal.reason });
}

// src/raster/preprocess.ts
init_errors();

// src/raster/bands.ts
init_errors();

// src/raster/samples.ts
var SAMPLES = {
  uint8: Uint8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  uint32: Uint32Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array
};
function newSamples(dtype, length) {
  return new SAMPLES[dtype](length);
}
function integerRange(dtype) {
  if (dtype === "float32" || dtype === "float64") return void 0;
  const values = 2 ** (8 * SAMPLES[dtype].BYTES_PER_ELEMENT);
  return dtype.startsWith("u") ? [0, values - 1] : [-values / 2, values / 2 - 1];
}

// src/raster/bands.ts
var RGB = ["red", "green", "blue"];
var GREY = ["grey"];
function toBands(raster, bands2, { file = "the image" } = {}) {
  if (sameBands(raster.bands, bands2)) return raster;
  const planePx = raster.widthPx * raster.heightPx;
  const data = newSamples(raster.dtype, bands2.length * planePx);
  bands2.forEach((band, index) => {
    const target = data.subarray(index * planePx, (index + 1) * planePx);
    const source = raster.bands.indexOf(band);
    const grey = raster.bands.indexOf("grey");
    if (source >= 0) copyPlane(raster, source, target);
    else if (grey >= 0 && RGB.includes(band)) copyPlane(raster, grey, target);
    else if (band === "grey" && RGB.every((name) => raster.bands.includes(name))) mixGrey(raster, target);
    else {
      throw new UserError("bad-data", `${file}: has the bands ${raster.bands.join(", ")}; ${band} is not among them`, {
        hint: `The classifier reads ${bands2.join(", ")}. Give images that have these bands.`
      });
    }
  });
  return { ...raster, bands: bands2, data };
}
function sameBands(a, b) {
  return a.length === b.length && a.every((name, index) => name === b[index]);
}
function plane({ data, widthPx, heightPx }, band) {
  return data.subarray(band * widthPx * heightPx, (band + 1) * widthPx * heightPx);
}
function copyPlane(raster, band, target) {
  target.set(plane(raster, band));
}
function mixGrey(raster, target) {
  const [red, green, blue] = RGB.map((name) => plane(raster, raster.bands.indexOf(name)));
  const whole = !(target instanceof Float32Array || target instanceof Float64Array);
  for (let i = 0; i < target.length; i++) {
    const grey = (19595 * red[i] + 38470 * green[i] + 7471 * blue[i]) / 65536;
    target[i] = whole ? Math.floor(grey + 0.5) : grey;
  }
}

// src/raster/resample-plane.ts
function resamplePlane(source, passes, target, dtype) {
  const { widthPx, heightPx, horizontal, vertical } = passes;
  let plane2 = new Float64Array(source);
  if (horizontal !== void 0) plane2 = alongRows(plane2, widthPx, heightPx, horizontal);
  if (vertical !== void 0) plane2 = alongColumns(plane2, horizontal?.starts.length ?? widthPx, vertical);
  const range = integerRange(dtype);
  if (range !== void 0) {
    const [lowest, highest] = range;
    for (let i = 0; i < plane2.length; i++) plane2[i] = Math.min(highest, Math.max(lowest, Math.round(plane2[i])));
  }
  target.set(plane2);
}
function alongRows(source, inPx, rows2, { count, starts, weights }) {
  const out = new Float64Array(rows2 * starts.length);
  for (let y = 0, base = 0, o = 0; y < rows2; y++, base += inPx) {
    for (let x = 0, t = 0; x < starts.length; x++, o++) {
      let sum3 = 0;
      for (let s = base + starts[x], end = s + count; s < end; s++, t++) sum3 += source[s] * weights[t];
      out[o] = sum3;
    }
  }
  return out;
}
function alongColumns(source, widthPx, { count, starts, weights }) {
  const out = new Float64Array(starts.length * widthPx);
  for (let y = 0, o = 0; y < starts.length; y++, o += widthPx) {
    for (let t = 0, s = starts[y] * widthPx; t < count; t++) {
      const weight = weights[y * count + t];
      for (let x = 0; x < widthPx; x++, s++) out[o + x] += source[s] * weight;
    }
  }
  return out;
}

// src/raster/taps.ts
var FIXED_BITS = 22;
var sinc = (x) => x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
var FILTERS = {
  box: { support: 0.5, kernel: (x) => x > -0.5 && x <= 0.5 ? 1 : 0 },
  bilinear: { support: 1, kernel: (x) => Math.max(0, 1 - Math.abs(x)) },
  hamming: { support: 1, kernel: (x) => Math.abs(x) < 1 ? sinc(x) * (0.54 + 0.46 * Math.cos(Math.PI * x)) : 0 },
  bicubic: { support: 2, kernel: (x) => cubic(Math.abs(x), -0.5) },
  lanczos: { support: 3, kernel: (x) => x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0 }
};
function cubic(x, a) {
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return ((x - 5) * x + 8) * x * a - 4 * a;
  return 0;
}
var CACHE_ENTRIES = 64;
var CACHE_MAX_WEIGHTS = 65536;
var cache = /* @__PURE__ */ new Map();
function tapsFor(axis, interpolation) {
  const key = `${axis.inPx}/${axis.outPx}/${axis.firstPx}/${axis.lengthPx}/${interpolation}`;
  const known = cache.get(key);
  if (known !== void 0) return known;
  const taps = interpolation === "nearest" ? nearestTaps(axis) : filterTaps(axis, FILTERS[interpolation]);
  if (taps.weights.length <= CACHE_MAX_WEIGHTS) {
    if (cache.size >= CACHE_ENTRIES) cache.delete(cache.keys().next().value ?? key);
    cache.set(key, taps);
  }
  return taps;
}
function nearestTaps({ inPx, outPx, firstPx, lengthPx }) {
  const starts = new Int32Array(lengthPx);
  const scale = inPx / outPx;
  let center = scale / 2;
  for (let i = 0; i < firstPx; i++) center += scale;
  for (let i = 0; i < lengthPx; i++, center += scale) starts[i] = Math.min(Math.floor(center), inPx - 1);
  return withFixed(1, starts, new Float64Array(lengthPx).fill(1));
}
function filterTaps({ inPx, outPx, firstPx, lengthPx }, { support, kernel: kernel2 }) {
  const scale = inPx / outPx;
  const widening = Math.max(scale, 1);
  const reach = support * widening;
  const centerOf = (i) => (firstPx + i + 0.5) * scale;
  const firstOf = (i) => Math.max(0, Math.trunc(centerOf(i) - reach + 0.5));
  const endOf = (i) => Math.min(inPx, Math.trunc(centerOf(i) + reach + 0.5));
  let count = 0;
  for (let i = 0; i < lengthPx; i++) count = Math.max(count, endOf(i) - firstOf(i));
  const starts = new Int32Array(lengthPx);
  const weights = new Float64Array(lengthPx * count);
  for (let i = 0; i < lengthPx; i++) {
    const start = Math.min(firstOf(i), inPx - count);
    const row2 = weights.subarray(i * count, (i + 1) * count);
    starts[i] = start;
    let sum3 = 0;
    for (let x = firstOf(i); x < endOf(i); x++) {
      row2[x - start] = kernel2((x - centerOf(i) + 0.5) / widening);
      sum3 += row2[x - start];
    }
    if (sum3 !== 0) for (let t = 0; t < count; t++) row2[t] /= sum3;
  }
  return withFixed(count, starts, weights);
}
function withFixed(count, starts, weights) {
  const one = 2 ** FIXED_BITS;
  const fixedWeights = Int32Array.from(weights, (weight) => weight * one + (weight < 0 ? -0.5 : 0.5));
  return { count, starts, weights, fixedWeights };
}

// src/raster/resample-plane8.ts
var HALF = 1 << FIXED_BITS - 1;
function resamplePlane8(source, passes, target) {
  const { widthPx, heightPx, horizontal, vertical } = passes;
  const clamped = new Uint8ClampedArray(target.buffer, target.byteOffset, target.length);
  if (horizontal === void 0) {
    if (vertical !== void 0) alongColumns2(source, widthPx, vertical, clamped);
  } else if (vertical === void 0) {
    alongRows2(source, widthPx, heightPx, horizontal, clamped);
  } else {
    const outWidthPx = horizontal.starts.length;
    const middle = new Uint8ClampedArray(outWidthPx * heightPx);
    alongRows2(source, widthPx, heightPx, horizontal, middle);
    alongColumns2(new Uint8Array(middle.buffer), outWidthPx, vertical, clamped);
  }
}
function alongRows2(source, inPx, rows2, taps, out) {
  const { count, starts, fixedWeights: w } = taps;
  const outPx = starts.length;
  for (let y = 0; y < rows2; y += 4) {
    const [y1, y2, y3] = [Math.min(y + 1, rows2 - 1), Math.min(y + 2, rows2 - 1), Math.min(y + 3, rows2 - 1)];
    const [in1, in2, in3] = [(y1 - y) * inPx, (y2 - y) * inPx, (y3 - y) * inPx];
    const [out1, out2, out3] = [(y1 - y) * outPx, (y2 - y) * outPx, (y3 - y) * outPx];
    for (let x = 0, t = 0, o = y * outPx; x < outPx; x++, o++) {
      let [a, b, c, d] = [HALF, HALF, HALF, HALF];
      for (let s = y * inPx + starts[x], end = s + count; s < end; s++, t++) {
        const weight = w[t];
        a = a + Math.imul(source[s], weight) | 0;
        b = b + Math.imul(source[s + in1], weight) | 0;
        c = c + Math.imul(source[s + in2], weight) | 0;
        d = d + Math.imul(source[s + in3], weight) | 0;
      }
      out[o] = a >> FIXED_BITS;
      out[o + out1] = b >> FIXED_BITS;
      out[o + out2] = c >> FIXED_BITS;
      out[o + out3] = d >> FIXED_BITS;
    }
  }
}
function alongColumns2(source, widthPx, taps, out) {
  const { count, starts, fixedWeights: w } = taps;
  const wholePx = widthPx - widthPx % 4;
  for (let y = 0, o = 0; y < starts.length; y++) {
    const first = starts[y] * widthPx;
    const t02 = y * count;
    const end = t02 + count;
    for (let x = 0; x < wholePx; x += 4, o += 4) {
      let [a, b, c, d] = [HALF, HALF, HALF, HALF];
      for (let t = t02, s = first + x; t < end; t++, s += widthPx) {
        const weight = w[t];
        a = a + Math.imul(source[s], weight) | 0;
        b = b + Math.imul(source[s + 1], weight) | 0;
        c = c + Math.imul(source[s + 2], weight) | 0;
        d = d + Math.imul(source[s + 3], weight) | 0;
      }
      out[o] = a >> FIXED_BITS;
      out[o + 1] = b >> FIXED_BITS;
      out[o + 2] = c >> FIXED_BITS;
      out[o + 3] = d >> FIXED_BITS;
    }
    for (let x = wholePx; x < widthPx; x++, o++) {
      let a = HALF;
      for (let t = t02, s = first + x; t < end; t++, s += widthPx) a = a + Math.imul(source[s], w[t]) | 0;
      out[o] = a >> FIXED_BITS;
    }
  }
}

// src/raster/resample.ts
function resize(raster, options) {
  const { widthPx, heightPx, interpolation = "bilinear", window = { leftPx: 0, topPx: 0, widthPx, heightPx } } = options;
  checkSizes(options, window);
  const horizontal = axisTaps(raster.widthPx, widthPx, interpolation, window.leftPx, window.widthPx);
  const wholeVertical = axisTaps(raster.heightPx, heightPx, interpolation, window.topPx, window.heightPx);
  if (horizontal === void 0 && wholeVertical === void 0) return raster;
  const [firstRow, endRow] = wholeVertical === void 0 ? [0, raster.heightPx] : inputRange(wholeVertical);
  const vertical = wholeVertical && { ...wholeVertical, starts: wholeVertical.starts.map((start) => start - firstRow) };
  const outPx = window.widthPx * window.heightPx;
  const data = newSamples(raster.dtype, raster.bands.length * outPx);
  for (let band = 0; band < raster.bands.length; band++) {
    const top = band * raster.heightPx;
    const source = raster.data.subarray((top + firstRow) * raster.widthPx, (top + endRow) * raster.widthPx);
    const target = data.subarray(band * outPx, (band + 1) * outPx);
    const plane2 = { widthPx: raster.widthPx, heightPx: endRow - firstRow, horizontal, vertical };
    if (source instanceof Uint8Array && target instanceof Uint8Array) resamplePlane8(source, plane2, target);
    else resamplePlane(source, plane2, target, raster.dtype);
  }
  return {
    ...raster,
    widthPx: window.widthPx,
    heightPx: window.heightPx,
    data,
    ...raster.georeference && { georeference: resizedGeoreference(raster, raster.georeference, options, window) }
  };
}
function axisTaps(inPx, outPx, interpolation, firstPx, lengthPx) {
  const unchanged = inPx === outPx;
  if (unchanged && firstPx === 0 && lengthPx === outPx) return void 0;
  return tapsFor({ inPx, outPx, firstPx, lengthPx }, unchanged ? "nearest" : interpolation);
}
function inputRange({ starts, count }) {
  return [starts[0], starts[starts.length - 1] + count];
}
function resizedGeoreference(raster, { crs, transform: [x0, xColumn, xRow, y0, yColumn, yRow] }, { widthPx, heightPx }, { leftPx, topPx }) {
  const sx = raster.widthPx / widthPx;
  const sy = raster.heightPx / heightPx;
  return {
    crs,
    transform: [
      x0 + xColumn * leftPx * sx + xRow * topPx * sy,
      xColumn * sx,
      xRow * sy,
      y0 + yColumn * leftPx * sx + yRow * topPx * sy,
      yColumn * sx,
      yRow * sy
    ]
  };
}
function checkSizes({ widthPx, heightPx }, window) {
  for (const size2 of [widthPx, heightPx, window.widthPx, window.heightPx]) {
    if (!Number.isInteger(size2) || size2 < 1) throw new RangeError(`a raster cannot be resized to ${size2} pixels`);
  }
  const { leftPx, topPx } = window;
  if (leftPx < 0 || topPx < 0 || leftPx + window.widthPx > widthPx || topPx + window.heightPx > heightPx) {
    throw new RangeError(`the window ${JSON.stringify(window)} leaves the ${widthPx} \xD7 ${heightPx} raster`);
  }
}

// src/raster/preprocess.ts
function toInput(raster, preprocess, out, offset, { file = "the image" } = {}) {
  const resized = resize(toBands(raster, preprocess.bands, { file }), placement(raster, preprocess));
  out.set(resized.data, offset);
  const scale = rangeScale(raster, preprocess);
  if (scale !== 1) for (let i = offset; i < offset + resized.data.length; i++) out[i] *= scale;
}
function placement(raster, preprocess) {
  const { widthPx, heightPx, interpolation } = preprocess;
  if (preprocess.fit === "stretch") return { widthPx, heightPx, interpolation };
  const whole = shorterSideSize(raster.widthPx, raster.heightPx, shorterSide(preprocess));
  if (whole.widthPx < widthPx || whole.heightPx < heightPx) {
    throw new UserError(
      "bad-model",
      `the preprocessing cuts ${widthPx} \xD7 ${heightPx} px out of a shorter side of ${shorterSide(preprocess)} px`,
      {
        hint: "The shorter side must be at least as long as the sides of the cut."
      }
    );
  }
  const window = { leftPx: cropOffset(whole.widthPx, widthPx), topPx: cropOffset(whole.heightPx, heightPx), widthPx, heightPx };
  return { ...whole, interpolation, window };
}
function shorterSideSize(widthPx, heightPx, shorterSidePx) {
  const longer = (long, short) => Math.floor(shorterSidePx * long / short);
  return widthPx <= heightPx ? { widthPx: shorterSidePx, heightPx: longer(heightPx, widthPx) } : { widthPx: longer(widthPx, heightPx), heightPx: shorterSidePx };
}
function cropOffset(wholePx, cropPx) {
  const half = (wholePx - cropPx) / 2;
  const below = Math.floor(half);
  return half - below === 0.5 ? below + below % 2 : Math.round(half);
}
function shorterSide({ shorterSidePx, widthPx, heightPx }) {
  return shorterSidePx ?? Math.max(widthPx, heightPx);
}
var FULL_RANGE = { uint8: 255, uint16: 65535 };
function rangeScale(raster, { range: [lowest, highest] }) {
  const full = FULL_RANGE[raster.dtype];
  const asked = lowest === 0 && Object.values(FULL_RANGE).includes(highest);
  return full === void 0 || !asked ? 1 : highest / full;
}

// src/model/backbones/make-backbone.ts
import { createHash } from "node:crypto";
function makeBackbone(id, graph, preprocess) {
  const model = writeModel(graph);
  const embeddingSize = tensorTypeOf(graphOf(graph).output[0])?.shape?.at(-1);
  if (typeof embeddingSize !== "number") throw new RangeError(`the size of the embedding of ${id} is not known`);
  return { id, model, sha256: createHash("sha256").update(model).digest("hex"), preprocess, embeddingSize };
}

// src/learn/linalg.ts
function cholesky(matrix, n) {
  const l = new Float64Array(n * n);
  for (let row2 = 0; row2 < n; row2++) {
    for (let column = 0; column <= row2; column++) {
      let rest2 = matrix[row2 * n + column];
      for (let k = 0; k < column; k++) rest2 -= l[row2 * n + k] * l[column * n + k];
      if (row2 > column) l[row2 * n + column] = rest2 / l[column * n + column];
      else if (rest2 > 0) l[row2 * n + row2] = Math.sqrt(rest2);
      else throw new RangeError(`the matrix is not positive definite: pivot ${row2} is ${rest2}`);
    }
  }
  return l;
}
function solveCholesky(l, n, b) {
  const x = b.slice();
  for (let row2 = 0; row2 < n; row2++) {
    for (let k = 0; k < row2; k++) x[row2] -= l[row2 * n + k] * x[k];
    x[row2] /= l[row2 * n + row2];
  }
  for (let row2 = n - 1; row2 >= 0; row2--) {
    x[row2] /= l[row2 * n + row2];
    for (let k = 0; k < row2; k++) x[k] -= l[row2 * n + k] * x[row2];
  }
  return x;
}
function covariance(data, columns) {
  const rows2 = data.length / columns;
  const share = rows2 > 0 ? 1 / rows2 : 0;
  const mean3 = new Float64Array(columns);
  for (let i = 0; i < data.length; i++) mean3[i % columns] += data[i] * share;
  const sums = new Float64Array(columns * columns);
  const [a, b, c, d] = Array.from({ length: 4 }, () => new Float64Array(columns));
  for (let first = 0; first < rows2; first += 4) {
    [a, b, c, d].forEach((centred, k) => {
      const at = (first + k) * columns;
      for (let j = 0; j < columns; j++) centred[j] = first + k < rows2 ? data[at + j] - mean3[j] : 0;
    });
    for (let i = 0; i < columns; i++) {
      const [ai, bi, ci, di] = [a[i], b[i], c[i], d[i]];
      for (let j = 0, at = i * columns; j <= i; j++, at++) sums[at] += ai * a[j] + bi * b[j] + ci * c[j] + di * d[j];
    }
  }
  for (let i = 0; i < columns; i++) {
    for (let j = 0; j <= i; j++) {
      sums[i * columns + j] *= share;
      sums[j * columns + i] = sums[i * columns + j];
    }
  }
  return { mean: mean3, covariance: sums };
}

// src/model/backbones/rcf-filters.ts
var RIDGE = 3e-3;
var LEAST_RIDGE = 1e-4;
var LEAST_VARIANCE = 0.01;
function samplePatches(image, { scale, patchPx }, count, random) {
  const size2 = image.bands * patchPx * patchPx;
  const places = Math.floor(image.sidePx / scale) - patchPx + 1;
  const patches = new Float32Array(count * size2);
  let filled = 0;
  for (let i = 0; i < count; i++) {
    const top = random.int(places) * scale;
    const left = random.int(places) * scale;
    const patch = patches.subarray(filled, filled + size2);
    readPatch(image, { scale, patchPx }, top, left, patch);
    if (patch.every(Number.isFinite)) filled += size2;
  }
  return patches.slice(0, filled);
}
function readPatch({ data, bands: bands2, sidePx }, { scale, patchPx }, top, left, out) {
  let at = 0;
  for (let band = 0; band < bands2; band++) {
    for (let y = 0; y < patchPx; y++) {
      for (let x = 0; x < patchPx; x++) {
        let sum3 = 0;
        for (let dy = 0; dy < scale; dy++) {
          const row2 = (band * sidePx + top + y * scale + dy) * sidePx + left + x * scale;
          for (let dx = 0; dx < scale; dx++) sum3 += data[row2 + dx];
        }
        out[at++] = sum3 / (scale * scale);
      }
    }
  }
}
function bandStatistics(patches, bands2, patchPx) {
  const area = patchPx * patchPx;
  const bandOf = (index) => Math.floor(index / area) % bands2;
  const perBand = Math.max(1, patches.length / bands2);
  const mean3 = new Float64Array(bands2);
  for (let i = 0; i < patches.length; i++) mean3[bandOf(i)] += patches[i] / perBand;
  const variance = new Float64Array(bands2);
  for (let i = 0; i < patches.length; i++) variance[bandOf(i)] += (patches[i] - mean3[bandOf(i)]) ** 2 / perBand;
  const deviation = variance.map((value, band) => Math.sqrt(value) > 1e-6 * Math.abs(mean3[band]) ? Math.sqrt(value) : 1);
  return { mean: Float32Array.from(mean3), deviation: Float32Array.from(deviation) };
}
function standardizePatches(patches, { mean: mean3, deviation }, patchPx) {
  const area = patchPx * patchPx;
  for (let i = 0; i < patches.length; i++) {
    const band = Math.floor(i / area) % mean3.length;
    patches[i] = (patches[i] - mean3[band]) / deviation[band];
  }
}
function whitenedFilters(patches, size2, count, random) {
  const { mean: mean3, covariance: sigma } = covariance(patches, size2);
  let trace = 0;
  for (let i = 0; i < size2; i++) trace += sigma[i * size2 + i];
  const ridge = Math.max(RIDGE * trace / size2, LEAST_RIDGE);
  const regularized = sigma.slice();
  for (let i = 0; i < size2; i++) regularized[i * size2 + i] += ridge;
  const factor = cholesky(regularized, size2);
  const rows2 = patches.length / size2;
  const order = random.shuffle(Array.from({ length: rows2 }, (_, row2) => row2));
  const weights = new Float32Array(count * size2);
  const bias = new Float32Array(count);
  for (let k = 0; k < count; k++) {
    const row2 = order[k];
    let q = Float64Array.from(mean3, (value, i) => row2 === void 0 ? 0 : patches[row2 * size2 + i] - value);
    if (dot(q, q) < size2 * LEAST_RIDGE) q = q.map(() => random.normal());
    const w = solveCholesky(factor, size2, q);
    const regularizedVariance = dot(q, w);
    const variance = regularizedVariance - ridge * dot(w, w);
    const scale = 1 / Math.sqrt(Math.max(variance, LEAST_VARIANCE * regularizedVariance));
    weights.set(
      w.map((value) => value * scale),
      k * size2
    );
    bias[k] = -scale * dot(w, mean3);
  }
  return { weights, bias };
}
function dot(a, b) {
  let sum3 = 0;
  for (let i = 0; i < a.length; i++) sum3 += a[i] * b[i];
  return sum3;
}

// src/model/backbones/training-images.ts
init_errors();
async function readTrainingImages({ trainingImages, signal, onProgress }, limit, mostPx) {
  const all = [];
  for await (const raster of trainingImages(limit)) {
    throwIfAborted(signal);
    const { widthPx, heightPx } = raster;
    all.push(resize(raster, { widthPx: Math.min(widthPx, mostPx), heightPx: Math.min(heightPx, mostPx) }));
    onProgress?.({ stage: "read training images", done: all.length, unit: "images" });
  }
  if (all.length === 0) {
    throw new UserError("bad-data", "no training image can be read, and the backbone is made of them", {
      hint: "Check the images and the split: sigmax data inspect <data>."
    });
  }
  const bands2 = commonBands(all);
  const rasters = all.flatMap((raster) => withBands(raster, bands2));
  return { rasters, bands: bands2, range: commonRange(rasters) };
}
function commonBands(rasters) {
  const votes = /* @__PURE__ */ new Map();
  for (const { bands: bands3 } of rasters) {
    const key = JSON.stringify(bands3);
    votes.set(key, { bands: bands3, count: (votes.get(key)?.count ?? 0) + 1 });
  }
  const [{ bands: bands2 }] = [...votes.values()].sort((a, b) => b.count - a.count);
  return sameNames(bands2, GREY) && votes.has(JSON.stringify(RGB)) ? RGB : bands2;
}
function withBands(raster, bands2) {
  try {
    return [toBands(raster, bands2)];
  } catch (error) {
    if (error instanceof UserError) return [];
    throw error;
  }
}
function sameNames(a, b) {
  return a.length === b.length && a.every((name, index) => name === b[index]);
}
var FULL_RANGE2 = { uint8: [0, 255], uint16: [0, 65535] };
function commonRange(rasters) {
  const dtypes = new Set(rasters.map(({ dtype }) => dtype));
  const known = ["uint8", "uint16"].find((dtype) => dtypes.has(dtype));
  if (known !== void 0) return FULL_RANGE2[known];
  let [lowest, highest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { data } of rasters) {
    for (let i = 0; i < data.length; i++) {
      const value = Number(data[i]);
      if (!Number.isFinite(value)) continue;
      lowest = Math.min(lowest, value);
      highest = Math.max(highest, value);
    }
  }
  return lowest <= highest ? [lowest, highest] : [0, 1];
}

// src/model/backbones/rcf.ts
var SIDE_PX = 256;
var PATCH_PX = 6;
var BANKS = [
  { scale: 1, stride: 4 },
  { scale: 3, stride: 1 },
  { scale: 8, stride: 1 }
];
var FILTERS2 = 240;
var LEVELS = [-1.2, -0.4, 0.4, 1.2];
var RAMP = 0.7;
var IMAGES = 256;
var PATCHES = 1e4;
async function openRcf(context) {
  const { rasters, bands: bands2, range } = await readTrainingImages(context, IMAGES, SIDE_PX);
  const preprocess = {
    widthPx: SIDE_PX,
    heightPx: SIDE_PX,
    fit: "stretch",
    interpolation: "bilinear",
    antialias: true,
    bands: bands2,
    range
  };
  const { statistics, banks } = fitBanks(rasters, preprocess, context);
  return makeBackbone("rcf", rcfModel(preprocess, statistics, banks), preprocess);
}
function fitBanks(rasters, preprocess, { seed, signal, onProgress }) {
  const random = createRandom(seed, "rcf");
  const bands2 = preprocess.bands.length;
  const size2 = bands2 * PATCH_PX * PATCH_PX;
  const perImage = Math.ceil(PATCHES / rasters.length);
  const image = { data: new Float32Array(bands2 * SIDE_PX * SIDE_PX), bands: bands2, sidePx: SIDE_PX };
  const places = random.fork("places");
  const patches = BANKS.map(() => []);
  rasters.forEach((raster, index) => {
    throwIfAborted(signal);
    toInput(raster, preprocess, image.data, 0);
    BANKS.forEach(({ scale }, i) => {
      patches[i].push(samplePatches(image, { scale, patchPx: PATCH_PX }, perImage, places));
    });
    onProgress?.({ stage: "take patches", done: index + 1, total: rasters.length, unit: "images" });
  });
  const samples = patches.map(concatenate);
  const statistics = bandStatistics(samples[0], bands2, PATCH_PX);
  const banks = BANKS.map((place, i) => {
    throwIfAborted(signal);
    standardizePatches(samples[i], statistics, PATCH_PX);
    const bank = whitenedFilters(samples[i], size2, FILTERS2, random.fork(`filters/${place.scale}`));
    onProgress?.({ stage: "make filters", done: i + 1, total: BANKS.length, unit: "banks" });
    return { ...place, ...bank };
  });
  return { statistics, banks };
}
function concatenate(parts) {
  const whole = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
function rcfModel({ bands: bands2, widthPx, heightPx }, { mean: mean3, deviation }, banks) {
  const channels = bands2.length;
  const graph = new GraphBuilder();
  const image = graph.input(IMAGE, "float32", ["N", channels, heightPx, widthPx]);
  const centred = graph.op("Sub", [image, graph.constant(float32([channels, 1, 1], mean3), "mean")]);
  const factor = graph.constant(
    float32(
      [channels, 1, 1],
      deviation.map((value) => 1 / value)
    ),
    "factor"
  );
  const standard = graph.op("Mul", [centred, factor]);
  const pooled = [];
  for (const { scale, stride, weights, bias } of banks) {
    const block = { kernel_shape: [scale, scale], strides: [scale, scale] };
    const small = scale === 1 ? standard : graph.op("AveragePool", [standard], block);
    const filters = bias.length;
    const kernel2 = graph.constant(float32([filters, channels, PATCH_PX, PATCH_PX], weights), `weights/${scale}`);
    const offset = graph.constant(float32([filters], bias), `bias/${scale}`);
    const response = graph.op("Conv", [small, kernel2, offset], { strides: [stride, stride] }, `response/${scale}`);
    for (const level of LEVELS) {
      const above = graph.op("HardSigmoid", [response], { alpha: 1 / RAMP, beta: 0.5 - level / RAMP });
      pooled.push(graph.op("GlobalAveragePool", [above]));
    }
  }
  graph.output(graph.op("Flatten", [graph.op("Concat", pooled, { axis: 1 })], { axis: 1 }, EMBEDDING));
  return graph.build({ name: "rcf" });
}

// src/model/backbones/stats.ts
var SIZE_PX = 128;
var IMAGES2 = 16;
async function openStats(context) {
  const { bands: bands2, range } = await readTrainingImages(context, IMAGES2, SIZE_PX);
  const preprocess = {
    widthPx: SIZE_PX,
    heightPx: SIZE_PX,
    fit: "stretch",
    interpolation: "bilinear",
    antialias: true,
    bands: bands2,
    range
  };
  return makeBackbone("stats", statsModel(preprocess), preprocess);
}
function statsModel({ bands: bands2, widthPx, heightPx }) {
  const graph = new GraphBuilder();
  const image = graph.input(IMAGE, "float32", ["N", bands2.length, heightPx, widthPx]);
  const mean3 = graph.op("GlobalAveragePool", [image]);
  const centred = graph.op("Sub", [image, mean3]);
  const variance = graph.op("GlobalAveragePool", [graph.op("Mul", [centred, centred])]);
  const deviation = graph.op("Sqrt", [variance]);
  const lowest = graph.op("Neg", [graph.op("GlobalMaxPool", [graph.op("Neg", [image])])]);
  const highest = graph.op("GlobalMaxPool", [image]);
  const all = graph.op("Concat", [mean3, deviation, lowest, highest], { axis: 1 });
  graph.output(graph.op("Flatten", [all], { axis: 1 }, EMBEDDING));
  return graph.build({ name: "stats" });
}

// src/runtime/open.ts
init_errors();

// src/runtime/native.ts
init_ort();
import { availableParallelism } from "node:os";
var openNative = async (model, options = {}) => {
  const ort2 = await loadNative();
  return createSession(ort2, "native", model, options, {
    executionProviders: ["cpu"],
    intraOpNumThreads: options.threads ?? availableParallelism(),
    interOpNumThreads: 1,
    // Idle threads sleep instead of spinning, so that decoding gets the cores between two batches.
    extra: { session: { intra_op: { allow_spinning: "0" } } }
  });
};
async function loadNative() {
  const { default: ort2 } = await import("onnxruntime-node");
  ort2.env.logLevel = "fatal";
  return ort2;
}

// src/runtime/open.ts
var CURE = "Reinstall with ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-node.";
async function openSession(model, { runtime = "auto", onWarning, ...options } = {}) {
  if (runtime === "wasm") return openWasmLazily(model, options);
  try {
    await loadNative();
  } catch (error) {
    if (runtime === "native") {
      throw new UserError("usage", `the native ONNX Runtime cannot be loaded: ${messageOf(error).split("\n")[0]}`, {
        hint: CURE,
        cause: error
      });
    }
    onWarning?.(`Running on WebAssembly, about 4.6\xD7 slower, because the native ONNX Runtime cannot be loaded. ${CURE}`);
    return openWasmLazily(model, options);
  }
  return openNative(model, options);
}
async function openWasmLazily(model, options) {
  const { openWasm: openWasm2 } = await Promise.resolve().then(() => (init_wasm(), wasm_exports));
  return openWasm2(model, options);
}

// src/train/fit.ts
init_errors();

// src/model/head-fit.ts
init_errors();

// src/learn/lbfgs.ts
init_errors();

// src/learn/vectors.ts
function dot2(a, b) {
  const even = a.length - a.length % 4;
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  for (let i = 0; i < even; i += 4) {
    s0 += a[i] * b[i];
    s1 += a[i + 1] * b[i + 1];
    s2 += a[i + 2] * b[i + 2];
    s3 += a[i + 3] * b[i + 3];
  }
  for (let i = even; i < a.length; i++) s0 += a[i] * b[i];
  return s0 + s1 + (s2 + s3);
}
function addScaled(target, scale, source) {
  for (let i = 0; i < target.length; i++) target[i] += scale * source[i];
}

// src/learn/lbfgs.ts
var DECREASE = 1e-4;
var CURVATURE = 0.9;
var MAX_TRIALS = 15;
async function minimize(objective, start, options = {}) {
  const { history = 10, maxIterations = 1e3, gradientTolerance = 1e-7, lossTolerance = 1e-11, lossNoise = 1e-14 } = options;
  const memory = createMemory(history, options.precondition);
  let evaluations = 0;
  const evaluate = async (parameters) => {
    throwIfAborted(options.signal);
    evaluations++;
    const { loss, gradient } = await objective(parameters);
    return { parameters, loss, gradient: Float64Array.from(gradient) };
  };
  let point = await evaluate(Float64Array.from(start));
  if (!Number.isFinite(point.loss)) {
    throw new UserError("numeric", `the loss is ${point.loss} before the first step`, {
      hint: "Look for infinite or missing numbers in the features."
    });
  }
  const end = (iterations, reason) => ({
    parameters: point.parameters,
    loss: point.loss,
    iterations,
    evaluations,
    reason
  });
  let idle = 0;
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    if (largest(point.gradient) <= gradientTolerance) return end(iteration, "gradient");
    const first = memory.size() === 0;
    const direction = memory.descend(point.gradient);
    const step2 = first && !options.precondition ? Math.min(1, 1 / Math.sqrt(dot2(point.gradient, point.gradient))) : 1;
    const next = await search(evaluate, point, direction, step2, lossNoise);
    if (next === void 0) {
      if (first || idle > 0) return end(iteration, "floor");
      memory.clear();
      continue;
    }
    memory.add(difference(next.parameters, point.parameters), difference(next.gradient, point.gradient));
    idle = point.loss - next.loss <= lossTolerance * Math.abs(next.loss) ? idle + 1 : 0;
    point = next;
    options.onIteration?.(iteration + 1, point.loss);
    if (idle === 2) return end(iteration + 1, "loss");
  }
  return end(maxIterations, "limit");
}
async function search(evaluate, from, direction, firstStep, lossNoise) {
  const slope0 = dot2(from.gradient, direction);
  if (!(slope0 < 0)) return void 0;
  const slack = lossNoise * Math.abs(from.loss);
  let low = { step: 0, loss: from.loss, slope: slope0 };
  let high;
  let step2 = firstStep;
  for (let trial = 0; trial < MAX_TRIALS; trial++) {
    const point = await evaluate(along(from.parameters, direction, step2));
    const slope = dot2(point.gradient, direction);
    const here = { step: step2, loss: point.loss, slope };
    const decreased = point.loss <= from.loss + DECREASE * step2 * slope0 || point.loss <= from.loss + slack && slope <= (2 * DECREASE - 1) * slope0;
    if (!decreased || slope > -CURVATURE * slope0) high = here;
    else if (slope < CURVATURE * slope0) low = here;
    else return point;
    step2 = high === void 0 ? 4 * step2 : between3(low, high);
    if (high !== void 0 && high.step - low.step <= 1e-12 * high.step) return void 0;
  }
  return void 0;
}
function between3(low, high) {
  const width = high.step - low.step;
  const a = low.slope + high.slope - 3 * (high.loss - low.loss) / width;
  const root = Math.sqrt(a * a - low.slope * high.slope);
  const share = 1 - (high.slope + root - a) / (high.slope - low.slope + 2 * root);
  return low.step + width * (Number.isFinite(share) ? Math.min(0.9, Math.max(0.1, share)) : 0.5);
}
function createMemory(capacity, precondition = (values) => values) {
  let pairs = [];
  return {
    size: () => pairs.length,
    clear: () => {
      pairs = [];
    },
    add(s, y) {
      const sy = dot2(s, y);
      if (!(sy > 1e-16 * dot2(y, y))) return;
      pairs.push({ s, y, rho: 1 / sy });
      if (pairs.length > capacity) pairs.shift();
    },
    /** −H g by the two-loop recursion (Nocedal and Wright 2006, algorithm 7.4). */
    descend(gradient) {
      let direction = along(new Float64Array(gradient.length), gradient, -1);
      const alphas = new Float64Array(pairs.length);
      for (let i = pairs.length - 1; i >= 0; i--) {
        const { s, y, rho } = pairs[i];
        alphas[i] = rho * dot2(s, direction);
        addScaled(direction, -alphas[i], y);
      }
      direction = precondition(direction);
      if (pairs.length > 0) {
        const { y, rho } = pairs[pairs.length - 1];
        const scale = 1 / (rho * dot2(y, precondition(y)));
        for (let i = 0; i < direction.length; i++) direction[i] *= scale;
      }
      for (let i = 0; i < pairs.length; i++) {
        const { s, y, rho } = pairs[i];
        addScaled(direction, alphas[i] - rho * dot2(y, direction), s);
      }
      return direction;
    }
  };
}
function along(origin, direction, step2) {
  const point = origin.slice();
  addScaled(point, step2, direction);
  return point;
}
function difference(a, b) {
  return along(a, b, -1);
}
function largest(values) {
  let max = 0;
  for (const value of values) max = Math.max(max, Math.abs(value));
  return max;
}

// src/model/head.ts
init_errors();

// src/learn/losses-sigmoid.ts
init_errors();

// src/learn/activations.ts
function sigmoid2(x) {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const e = Math.exp(x);
  return e / (1 + e);
}
function softplus2(x) {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}
function logSumExp(logits, start, count) {
  let top = start;
  for (let j = start + 1; j < start + count; j++) if (logits[j] > logits[top]) top = j;
  const max = logits[top];
  let rest2 = 0;
  for (let j = start; j < start + count; j++) if (j !== top) rest2 += Math.exp(logits[j] - max);
  return max + Math.log1p(rest2);
}
function softmaxRows(logits, classes) {
  const probabilities2 = new Float64Array(logits.length);
  for (let start = 0; start < logits.length; start += classes) {
    let max = Number.NEGATIVE_INFINITY;
    for (let j = start; j < start + classes; j++) max = Math.max(max, logits[j]);
    let sum3 = 0;
    for (let j = start; j < start + classes; j++) {
      probabilities2[j] = Math.exp(logits[j] - max);
      sum3 += probabilities2[j];
    }
    for (let j = start; j < start + classes; j++) probabilities2[j] /= sum3;
  }
  return probabilities2;
}
function sigmoidRows(logits) {
  return Float64Array.from(logits, sigmoid2);
}
var ACTIVATIONS = {
  softmax: softmaxRows,
  sigmoid: sigmoidRows
};

// src/learn/loss.ts
init_errors();
function rowsOf({ logits, classes }) {
  if (!Number.isInteger(classes) || classes < 1 || logits.length % classes !== 0) {
    throw new UserError("bad-data", `${logits.length} logits do not make rows of ${classes} classes`);
  }
  return logits.length / classes;
}
function expectLength(what, array, length) {
  if (array !== void 0 && array.length !== length) {
    throw new UserError("bad-data", `${what}: ${array.length} numbers where ${length} are needed`);
  }
}
function expectSmoothing(smoothing) {
  if (!(smoothing >= 0 && smoothing <= 1)) {
    throw new UserError("bad-data", `label smoothing ${smoothing} is outside 0 \u2026 1`, { hint: "Usual values are 0 and 0.1." });
  }
}
function reduce2(values, gradient, denominator, rowOf) {
  let sum3 = 0;
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) {
      throw new UserError("numeric", `the loss of row ${rowOf(i)} is ${values[i]}`, {
        hint: "Its logits are infinite or not numbers: lower the learning rate, and look for broken images or features in that row."
      });
    }
    sum3 += values[i];
  }
  if (denominator === 0) {
    throw new UserError("numeric", "the mean loss is undefined: no row has a known target with a weight above zero", {
      hint: "Skip batches without known labels."
    });
  }
  for (let i = 0; i < gradient.length; i++) gradient[i] /= denominator;
  return { loss: sum3 / denominator, values, gradient };
}

// src/learn/losses-sigmoid.ts
function sigmoidCrossEntropy(batch, options = {}) {
  const { posWeight } = options;
  expectLength("positive weights", posWeight, batch.classes);
  return sumCells(batch, options, (x, y, k, cell) => {
    const positive = (posWeight?.[k] ?? 1) * y;
    cell.value = positive * softplus2(-x) + (1 - y) * softplus2(x);
    cell.slope = (1 - y) * sigmoid2(x) - positive * sigmoid2(-x);
  });
}
function sigmoidFocal(batch, options = {}) {
  const { alpha = 0.25, gamma = 2 } = options;
  return sumCells(batch, options, (x, y, _, cell) => {
    const p = sigmoid2(x);
    const q = sigmoid2(-x);
    const entropy = y * softplus2(-x) + (1 - y) * softplus2(x);
    const miss = y * q + (1 - y) * p;
    const balance = alpha < 0 ? 1 : alpha * y + (1 - alpha) * (1 - y);
    const focus = gamma === 0 || miss === 0 ? 0 : gamma * miss ** (gamma - 1) * (1 - 2 * y) * p * q * entropy;
    cell.value = balance * miss ** gamma * entropy;
    cell.slope = balance * (miss ** gamma * ((1 - y) * p - y * q) + focus);
  });
}
function asymmetric(batch, options = {}) {
  const { gammaPositive = 1, gammaNegative = 4, margin = 0.05 } = options;
  return sumCells(batch, options, (x, y, _, cell) => {
    const p = sigmoid2(x);
    const q = sigmoid2(-x);
    const logP = -softplus2(-x);
    const positive = -(q ** gammaPositive) * logP;
    const positiveSlope = gammaPositive * q ** gammaPositive * p * logP - q ** gammaPositive * q;
    const shifted = Math.max(p - margin, 0);
    const logRest = margin === 0 ? -softplus2(x) : Math.log(Math.min(q + margin, 1));
    const negative = shifted === 0 ? 0 : -(shifted ** gammaNegative) * logRest;
    const ratio = margin === 0 ? 1 : q / (q + margin);
    const focus = gammaNegative === 0 ? 0 : gammaNegative * shifted ** (gammaNegative - 1) * q * logRest;
    const negativeSlope = shifted === 0 ? 0 : p * (shifted ** gammaNegative * ratio - focus);
    cell.value = y * positive + (1 - y) * negative;
    cell.slope = y * positiveSlope + (1 - y) * negativeSlope;
  });
}
function sumCells(batch, options, lossOf2) {
  const { logits, targets, classes } = batch;
  const { reduction: reduction2 = "mean", classWeights, sampleWeights, labelSmoothing = 0, mask } = options;
  const rows2 = rowsOf(batch);
  expectSmoothing(labelSmoothing);
  expectLength("targets", targets, logits.length);
  expectLength("mask", mask, logits.length);
  expectLength("class weights", classWeights, classes);
  expectLength("sample weights", sampleWeights, rows2);
  const values = new Float64Array(logits.length);
  const gradient = new Float64Array(logits.length);
  const cell = { value: 0, slope: 0 };
  let known = 0;
  for (let j = 0; j < logits.length; j++) {
    const target = targets[j];
    if (mask?.[j] === 0 || Number.isNaN(target)) continue;
    const row2 = Math.floor(j / classes);
    const k = j % classes;
    if (!(target >= 0 && target <= 1)) {
      throw new UserError("bad-data", `row ${row2}, class ${k}: target ${target} is outside 0 \u2026 1`, {
        hint: "Mark an unknown label with NaN."
      });
    }
    if (!Number.isFinite(logits[j])) {
      throw new UserError("numeric", `row ${row2}, class ${k}: the logit is ${logits[j]}`, {
        hint: "Lower the learning rate, and look for broken images or features in that row."
      });
    }
    known++;
    lossOf2(logits[j], target * (1 - labelSmoothing) + labelSmoothing / 2, k, cell);
    const weight = (classWeights?.[k] ?? 1) * (sampleWeights?.[row2] ?? 1);
    values[j] = weight * cell.value;
    gradient[j] = weight * cell.slope;
  }
  const denominators = { sum: 1, mean: known, "mean-over-n": logits.length };
  return reduce2(values, gradient, denominators[reduction2], (index) => Math.floor(index / classes));
}

// src/learn/losses-softmax.ts
init_errors();
function softmaxCrossEntropy(batch, options = {}) {
  return softmaxFocal(batch, { ...options, gamma: 0 });
}
function softmaxFocal(batch, options = {}) {
  const { gamma = 2, reduction: reduction2 = "mean", sampleWeights } = options;
  const { logits, classes } = batch;
  const rows2 = rowsOf(batch);
  expectLength("sample weights", sampleWeights, rows2);
  const { weights, targetWeight } = weighTargets(batch, rows2, options);
  const values = new Float64Array(rows2);
  const gradient = new Float64Array(rows2 * classes);
  for (let i = 0; i < rows2; i++) {
    const start = i * classes;
    if (targetWeight[i] === void 0) continue;
    const sample = sampleWeights?.[i] ?? 1;
    const total = logSumExp(logits, start, classes);
    let slopes = 0;
    for (let j = start; j < start + classes; j++) {
      const weight = sample * weights[j];
      if (weight === 0) continue;
      const logP = logits[j] - total;
      const miss = -Math.expm1(logP);
      values[i] -= weight * miss ** gamma * logP;
      gradient[j] = weight * focalSlope(logP, miss, gamma);
      slopes += gradient[j];
    }
    for (let j = start; j < start + classes; j++) gradient[j] -= Math.exp(logits[j] - total) * slopes;
  }
  const denominators = {
    sum: () => 1,
    "mean-over-n": () => rows2,
    mean: () => targetWeight.reduce((sum3, weight, i) => sum3 + (weight ?? 0) * (sampleWeights?.[i] ?? 1), 0)
  };
  return reduce2(values, gradient, denominators[reduction2](), (row2) => row2);
}
function focalSlope(logP, miss, gamma) {
  if (gamma === 0) return -1;
  if (miss === 0) return 0;
  const p = 1 - miss;
  return (p === 0 ? 0 : gamma * miss ** (gamma - 1) * p * logP) - miss ** gamma;
}
function weighTargets(batch, rows2, options) {
  const { targets, classes } = batch;
  const { targetKind = "index", classWeights, labelSmoothing = 0, ignoreIndex = -100 } = options;
  expectSmoothing(labelSmoothing);
  expectLength("class weights", classWeights, classes);
  expectLength("targets", targets, targetKind === "index" ? rows2 : rows2 * classes);
  const weights = new Float64Array(rows2 * classes);
  const targetWeight = new Array(rows2).fill(void 0);
  for (let i = 0; i < rows2; i++) {
    const start = i * classes;
    if (targetKind === "index") {
      const target = targets[i];
      if (target === ignoreIndex) continue;
      if (!Number.isInteger(target) || target < 0 || target >= classes) {
        throw new UserError("bad-data", `row ${i}: class ${target} is outside 0 \u2026 ${classes - 1}`, {
          hint: `Use ${ignoreIndex} for a row whose class is unknown.`
        });
      }
      weights[start + target] = 1;
      targetWeight[i] = classWeights?.[target] ?? 1;
    } else {
      for (let j = start; j < start + classes; j++) {
        if (!(targets[j] >= 0 && targets[j] < Number.POSITIVE_INFINITY)) {
          throw new UserError("bad-data", `row ${i}, class ${j - start}: target ${targets[j]} is not a probability`);
        }
        weights[j] = targets[j];
      }
      targetWeight[i] = 1;
    }
    for (let k = 0; k < classes; k++) {
      weights[start + k] = (weights[start + k] * (1 - labelSmoothing) + labelSmoothing / classes) * (classWeights?.[k] ?? 1);
    }
  }
  return { weights, targetWeight };
}

// src/learn/losses.ts
var LOSSES = {
  "softmax-cross-entropy": softmaxCrossEntropy,
  "softmax-focal": softmaxFocal,
  "sigmoid-cross-entropy": sigmoidCrossEntropy,
  "sigmoid-focal": sigmoidFocal,
  asymmetric
};

// src/model/head-losses.ts
var FOCAL = { alpha: -1, gamma: 2 };
var ASYMMETRIC = { gammaPositive: 0, gammaNegative: 4, margin: 0.05 };
var SOFTMAX_LOSSES = {
  "cross-entropy": {
    convex: true,
    reference: LOSSES["softmax-cross-entropy"],
    build(graph, logits, { positive }) {
      const logP = graph.op("LogSoftmax", [logits], { axis: 1 });
      const cost = graph.op("Neg", [graph.op("Mul", [positive, logP])]);
      const total = sumOfRow(graph, positive);
      const slopes = graph.op("Sub", [graph.op("Mul", [graph.op("Exp", [logP]), total]), positive]);
      return { losses: where2(graph, positive, cost), slopes: where2(graph, total, slopes) };
    }
  },
  focal: {
    convex: false,
    reference: (batch, options) => LOSSES["softmax-focal"](batch, { ...options, ...FOCAL }),
    build(graph, logits, { positive }) {
      const logP = graph.op("LogSoftmax", [logits], { axis: 1 });
      const p = graph.op("Exp", [logP]);
      const miss = graph.op("Sub", [scalar(graph, 1), p]);
      const square = graph.op("Mul", [miss, miss]);
      const cost = graph.op("Neg", [multiply(graph, positive, square, logP)]);
      const slope = graph.op("Sub", [multiply(graph, scalar(graph, FOCAL.gamma), miss, p, logP), square]);
      const own = where2(graph, positive, graph.op("Mul", [positive, slope]));
      const shared = graph.op("Mul", [p, sumOfRow(graph, own)]);
      return {
        losses: where2(graph, positive, cost),
        slopes: where2(graph, sumOfRow(graph, positive), graph.op("Sub", [own, shared]))
      };
    }
  }
};
var SIGMOID_LOSSES = {
  "cross-entropy": {
    convex: true,
    reference: LOSSES["sigmoid-cross-entropy"],
    build: cells(crossEntropy, crossEntropy)
  },
  focal: {
    convex: false,
    reference: (batch, options) => LOSSES["sigmoid-focal"](batch, { ...options, ...FOCAL }),
    build: cells(focal, focal)
  },
  asymmetric: {
    convex: false,
    reference: (batch, options) => LOSSES.asymmetric(batch, { ...options, ...ASYMMETRIC }),
    build: cells(crossEntropy, shiftedFocal)
  }
};
function crossEntropy(graph, x) {
  return { loss: graph.op("Softplus", [x]), slope: graph.op("Sigmoid", [x]) };
}
function focal(graph, x) {
  const entropy = graph.op("Softplus", [x]);
  const { p, q } = probabilities(graph, x);
  const square = graph.op("Mul", [p, p]);
  const inner = graph.op("Add", [multiply(graph, scalar(graph, FOCAL.gamma), q, entropy), p]);
  return { loss: graph.op("Mul", [square, entropy]), slope: graph.op("Mul", [square, inner]) };
}
function shiftedFocal(graph, x) {
  const { p, q } = probabilities(graph, x);
  const s = graph.op("Relu", [graph.op("Sub", [p, scalar(graph, ASYMMETRIC.margin)])]);
  const rest2 = graph.op("Sub", [scalar(graph, 1), s]);
  const entropy = graph.op("Neg", [graph.op("Log", [rest2])]);
  const cube = multiply(graph, s, s, s);
  const inner = graph.op("Add", [
    graph.op("Div", [s, rest2]),
    graph.op("Mul", [scalar(graph, ASYMMETRIC.gammaNegative), entropy])
  ]);
  return { loss: multiply(graph, cube, s, entropy), slope: multiply(graph, p, q, cube, inner) };
}
function probabilities(graph, x) {
  const sure = (logit) => graph.op("Exp", [graph.op("Neg", [graph.op("Softplus", [logit])])]);
  return { p: sure(graph.op("Neg", [x])), q: sure(x) };
}
function cells(ofPositives, ofNegatives) {
  return (graph, logits, { positive, negative }) => {
    const missed = ofPositives(graph, graph.op("Neg", [logits]));
    const wrong = ofNegatives(graph, logits);
    const weighted = (weight, value) => where2(graph, weight, graph.op("Mul", [weight, value]));
    return {
      losses: graph.op("Add", [weighted(positive, missed.loss), weighted(negative, wrong.loss)]),
      slopes: graph.op("Sub", [weighted(negative, wrong.slope), weighted(positive, missed.slope)])
    };
  };
}
function where2(graph, weight, value) {
  const zero = scalar(graph, 0);
  return graph.op("Where", [graph.op("Greater", [weight, zero]), value, zero]);
}
function sumOfRow(graph, values) {
  return graph.op("ReduceSum", [values, graph.constant(int64([1], [1]))], { keepdims: 1 });
}
function multiply(graph, ...values) {
  return values.reduce((product2, value) => graph.op("Mul", [product2, value]));
}
function scalar(graph, value) {
  return graph.constant(float32([], [value]));
}

// src/model/head.ts
var HEAD_ROWS = {
  softmax: {
    activation: { op: "Softmax", attributes: { axis: 1 } },
    negatives: false,
    biasPenalty: 0,
    losses: SOFTMAX_LOSSES
  },
  sigmoid: {
    activation: { op: "Sigmoid", attributes: {} },
    negatives: true,
    biasPenalty: 0.3,
    losses: SIGMOID_LOSSES
  }
};
function lossGraph(head, loss = "cross-entropy") {
  const graph = HEAD_ROWS[head].losses[loss];
  if (graph !== void 0) return graph;
  throw new UserError("usage", `the ${loss} loss is made for labels that are independent of each other: head ${head} has none`, {
    hint: `Take --loss ${Object.keys(HEAD_ROWS[head].losses).join(" or ")}, --class-weights balanced, or another --head.`
  });
}
function forwardModel(head, width, classes) {
  const graph = new GraphBuilder();
  const features = graph.input("features", "float32", ["N", width]);
  const weights = graph.input("weights", "float32", [classes, width]);
  const bias = graph.input("bias", "float32", [classes]);
  const logits = graph.op("Gemm", [features, weights, bias], { transB: 1 }, "logits");
  graph.output(logits, "float32");
  if (head !== void 0) {
    const { op, attributes } = HEAD_ROWS[head].activation;
    graph.output(graph.op(op, [logits], attributes, "probabilities"), "float32");
  }
  return writeModel(graph.build({ name: `${head ?? "linear"}-head` }));
}
function headModel(head, width, classes, loss = "cross-entropy") {
  const graph = new GraphBuilder();
  const features = graph.input("features", "float32", ["N", width]);
  const weights = graph.input("weights", "float32", [classes, width]);
  const bias = graph.input("bias", "float32", [classes]);
  const positive = graph.input("positive", "float32", ["N", classes]);
  const negative = HEAD_ROWS[head].negatives ? graph.input("negative", "float32", ["N", classes]) : positive;
  const logits = graph.op("Gemm", [features, weights, bias], { transB: 1 });
  const { losses, slopes } = lossGraph(head, loss).build(graph, logits, { positive, negative });
  const perRow = graph.op("ReduceSum", [losses, graph.constant(int64([1], [1]))], { keepdims: 0 }, "losses");
  const weightsGradient = graph.op("Gemm", [slopes, features], { transA: 1 }, "weightsGradient");
  const biasGradient = graph.op("ReduceSum", [slopes, graph.constant(int64([1], [0]))], { keepdims: 0 }, "biasGradient");
  const slopesOut = graph.op("Identity", [slopes], {}, "slopes");
  for (const value of [perRow, weightsGradient, biasGradient, slopesOut]) graph.output(value, "float32");
  return writeModel(graph.build({ name: `${head}-head-training` }));
}

// src/model/head-curvature.ts
var RANK = 64;
var SAMPLE_ROWS = 4096;
var ROUNDS = 2;
var TYPICAL_SLOPE = 0.05;
function covarianceModel(width) {
  const graph = new GraphBuilder();
  const features = graph.input("features", "float32", ["N", width]);
  const basis = graph.input("basis", "float32", [width, "R"]);
  graph.output(graph.op("Gemm", [features, graph.op("MatMul", [features, basis])], { transA: 1 }, "image"), "float32");
  return writeModel(graph.build({ name: "covariance" }));
}
async function measureCurvature(session, features, width) {
  const rows2 = features.length / width;
  const count = Math.min(rows2, SAMPLE_ROWS);
  const sample = new Float32Array(count * width);
  const rowAt = (i, of4) => Math.floor(i * rows2 / of4) * width;
  for (let i = 0; i < count; i++) sample.set(features.subarray(rowAt(i, count), rowAt(i, count) + width), i * width);
  const rank = Math.min(RANK, width, rows2);
  let basis = orthonormalise(
    Array.from({ length: rank }, (_, r) => Float64Array.from(features.subarray(rowAt(r, rank), rowAt(r, rank) + width)))
  );
  let images = [];
  for (let round2 = 0; round2 <= ROUNDS; round2++) {
    const columns = new Float32Array(width * basis.length);
    for (const [r, direction] of basis.entries()) for (let d = 0; d < width; d++) columns[d * basis.length + r] = direction[d];
    const { image } = await session.run({
      features: float32([count, width], sample),
      basis: float32([width, basis.length], columns)
    });
    const columnsAfter = image.data;
    images = basis.map(() => new Float64Array(width));
    for (let i = 0; i < columnsAfter.length; i++) {
      images[i % basis.length][Math.floor(i / basis.length)] = columnsAfter[i] / count;
    }
    if (round2 < ROUNDS) basis = orthonormalise(images);
  }
  const within = basis.map((direction) => Float64Array.from(images, (image) => dot2(direction, image)));
  return { width, basis, within, beyond: Math.max(0, Math.min(...within.map((row2, r) => row2[r]))) };
}
function inverseHessian({ width, basis, within, beyond }, l2, biasPenalty) {
  const outside = 1 / (TYPICAL_SLOPE * beyond + l2 || 1);
  const rank = basis.length;
  const matrix = Float64Array.from({ length: rank * rank }, (_, i) => TYPICAL_SLOPE * within[Math.floor(i / rank)][i % rank]);
  const ridge = l2 + 1e-9 * within.reduce((trace, row2, r) => trace + row2[r], 0);
  for (let r = 0; r < rank; r++) matrix[r * rank + r] += ridge;
  const factor = cholesky(matrix, rank);
  return (gradient) => {
    const classes = gradient.length / (width + 1);
    const ofBias = TYPICAL_SLOPE + l2 * biasPenalty;
    const result = new Float64Array(gradient.length);
    for (let i = 0; i < result.length; i++) result[i] = i < classes * width ? gradient[i] * outside : gradient[i] / ofBias;
    const inside = new Float64Array(rank);
    for (let k = 0; k < classes; k++) {
      const own = gradient.subarray(k * width, (k + 1) * width);
      const target = result.subarray(k * width, (k + 1) * width);
      for (let r = 0; r < rank; r++) inside[r] = dot2(basis[r], own);
      const solved = solveCholesky(factor, rank, inside);
      for (let r = 0; r < rank; r++) addScaled(target, solved[r] - outside * inside[r], basis[r]);
    }
    return result;
  };
}
function orthonormalise(vectors) {
  const basis = [];
  for (const vector of vectors) {
    const rest2 = vector.slice();
    const before = Math.sqrt(dot2(rest2, rest2));
    for (const direction of basis) addScaled(rest2, -dot2(direction, rest2), direction);
    const length = Math.sqrt(dot2(rest2, rest2));
    if (length > 1e-4 * before) basis.push(rest2.map((value) => value / length));
  }
  return basis;
}

// src/model/head-weights.ts
var CELL_WEIGHTS = {
  softmax(labels, classes, { classWeights, labelSmoothing = 0 } = {}) {
    const { rows: rows2, positives } = survey(labels, classes);
    const usable = positives.filter((count) => count > 0).length;
    const positive = new Float32Array(labels.length);
    for (let j = 0; j < labels.length; j++) {
      const count = positives[Math.floor(j / classes)];
      if (count === 0) continue;
      const target = labels[j] === 1 ? 1 / count : 0;
      positive[j] = (target * (1 - labelSmoothing) + labelSmoothing / classes) * (classWeights?.[j % classes] ?? 1) / usable;
    }
    return { positive, negative: new Float32Array(0), leftOut: rows2 - usable };
  },
  sigmoid(labels, classes, { classWeights, posWeight, labelSmoothing = 0 } = {}) {
    const { rows: rows2, known, knownPerClass } = survey(labels, classes);
    const positive = new Float32Array(labels.length);
    const negative = new Float32Array(labels.length);
    for (let j = 0; j < labels.length; j++) {
      if (labels[j] < 0) continue;
      const k = j % classes;
      const target = labels[j] * (1 - labelSmoothing) + labelSmoothing / 2;
      const weight = (classWeights?.[k] ?? 1) / knownPerClass[k];
      positive[j] = weight * (posWeight?.[k] ?? 1) * target;
      negative[j] = weight * (1 - target);
    }
    return { positive, negative, leftOut: rows2 - known.filter((count) => count > 0).length };
  }
};
var BALANCED_WEIGHTS = {
  /** N / (K · positives), as scikit-learn's `balanced`. */
  softmax(labels, classes) {
    const { positivesPerClass } = survey(labels, classes);
    const total = positivesPerClass.reduce((sum3, count) => sum3 + count, 0);
    return { classWeights: Float64Array.from(positivesPerClass, (count) => count === 0 ? 1 : total / (classes * count)) };
  },
  /** Negatives / positives of each class. */
  sigmoid(labels, classes) {
    const { knownPerClass, positivesPerClass } = survey(labels, classes);
    return {
      posWeight: Float64Array.from(positivesPerClass, (count, k) => count === 0 ? 1 : (knownPerClass[k] - count) / count)
    };
  }
};
function rowLosses(head, logits, labels, classes, loss = "cross-entropy") {
  return ROW_LOSSES[head](lossGraph(head, loss).reference, logits, labels, classes);
}
var ROW_LOSSES = {
  softmax(reference, logits, labels, classes) {
    const { positives } = survey(labels, classes);
    const targets = Float64Array.from(labels, (label, j) => label === 1 ? 1 / positives[Math.floor(j / classes)] : 0);
    const { values } = reference({ logits, targets, classes }, { targetKind: "probability", reduction: "sum" });
    return values.filter((_, row2) => positives[row2] > 0);
  },
  /** K times the mean over the known labels of the row. */
  sigmoid(reference, logits, labels, classes) {
    const { known } = survey(labels, classes);
    const { values } = reference(
      { logits, targets: labels.map((label) => Math.max(label, 0)), classes },
      { mask: labels.map((label) => Number(label >= 0)), reduction: "sum" }
    );
    const sums = new Float64Array(known.length);
    for (let j = 0; j < values.length; j++) sums[Math.floor(j / classes)] += values[j];
    return sums.map((sum3, row2) => sum3 * classes / known[row2]).filter((_, row2) => known[row2] > 0);
  }
};
function survey(labels, classes) {
  const rows2 = labels.length / classes;
  const positives = new Int32Array(rows2);
  const known = new Int32Array(rows2);
  const knownPerClass = new Int32Array(classes);
  const positivesPerClass = new Int32Array(classes);
  for (let j = 0; j < labels.length; j++) {
    if (labels[j] < 0) continue;
    const row2 = Math.floor(j / classes);
    known[row2]++;
    knownPerClass[j % classes]++;
    if (labels[j] === 1) {
      positives[row2]++;
      positivesPerClass[j % classes]++;
    }
  }
  return { rows: rows2, positives, known, knownPerClass, positivesPerClass };
}

// src/model/head-fit.ts
var ROUGH = 1e-5;
var BLOCK_BYTES = 10 * 2 ** 20;
var CONSTANT = 1e-6;
var FLOAT32_NOISE = 1e-7;
var TIGHT = { gradientTolerance: 1e-7, lossTolerance: 1e-9, lossNoise: FLOAT32_NOISE };
async function openHeadTrainer(head, width, classes, { loss = "cross-entropy", standardise = true, biasPenalty = HEAD_ROWS[head].biasPenalty } = {}) {
  const stages = lossGraph(head, loss).convex ? [loss] : ["cross-entropy", loss];
  const sessions = [];
  for (const stage of stages)
    sessions.push(await openSession(headModel(head, width, classes, stage), { file: `the ${head} head` }));
  const covariance2 = await openSession(covarianceModel(width), { file: "the covariance" });
  return {
    prepare(data, weighting) {
      const scale = measure(data, width, standardise);
      const features = rescale(data, scale);
      const { positive, negative, leftOut } = CELL_WEIGHTS[head](data.labels, classes, weighting);
      const rows2 = features.length / width;
      if (leftOut === rows2) {
        throw new UserError("bad-data", `none of ${rows2} training images has a label to learn from`, {
          hint: "Check the label file and the split."
        });
      }
      const weights = { features, positive, negative: HEAD_ROWS[head].negatives ? negative : void 0 };
      const descents = sessions.map((session) => lossOf(session, weights, width, classes));
      let curvature;
      return {
        scale,
        leftOut,
        async fit(l2, { start = new Float64Array(classes * (width + 1)), ...limits } = {}) {
          throwIfAborted(limits.signal);
          curvature ??= measureCurvature(covariance2, features, width);
          const shares = Float64Array.from(start, (_, i) => i < classes * width ? 1 : biasPenalty);
          const precondition = inverseHessian(await curvature, l2, biasPenalty);
          const minima = [];
          for (const evaluate of descents) {
            const from = minima.at(-1)?.parameters ?? start;
            minima.push(await minimize(penalised(evaluate, l2, shares), from, { ...TIGHT, precondition, ...limits }));
          }
          const { parameters, ...minimum } = minima[minima.length - 1];
          const dataLoss = minimum.loss - l2 / 2 * squaresOf(parameters, shares);
          return { ...unscale(parameters, scale, classes), ...minimum, dataLoss, parameters: minima[0].parameters };
        }
      };
    },
    async close() {
      for (const session of sessions) await session.close();
      await covariance2.close();
    }
  };
}
function penalised(evaluate, l2, shares) {
  return async (parameters) => {
    const { loss, gradient } = await evaluate(parameters);
    for (let i = 0; i < gradient.length; i++) gradient[i] += l2 * shares[i] * parameters[i];
    return { loss: loss + l2 / 2 * squaresOf(parameters, shares), gradient };
  };
}
function squaresOf(parameters, shares) {
  let squares = 0;
  for (let i = 0; i < parameters.length; i++) squares += shares[i] * parameters[i] * parameters[i];
  return squares;
}
function lossOf(session, data, width, classes) {
  const rows2 = data.features.length / width;
  const blockRows = Math.max(1, Math.floor(BLOCK_BYTES / 4 / width));
  return async (parameters) => {
    const weights = float32([classes, width], Float32Array.from(parameters.subarray(0, classes * width)));
    const bias = float32([classes], Float32Array.from(parameters.subarray(classes * width)));
    const gradient = new Float64Array(parameters.length);
    let loss = 0;
    for (let from = 0; from < rows2; from += blockRows) {
      const to = Math.min(rows2, from + blockRows);
      const slice2 = (array, columns) => float32([to - from, columns], array.subarray(from * columns, to * columns));
      const { losses, weightsGradient, biasGradient } = await session.run(
        {
          features: slice2(data.features, width),
          weights,
          bias,
          positive: slice2(data.positive, classes),
          ...data.negative && { negative: slice2(data.negative, classes) }
        },
        ["losses", "weightsGradient", "biasGradient"]
      );
      for (const value of losses.data) loss += value;
      add2(gradient, weightsGradient.data, 0);
      add2(gradient, biasGradient.data, classes * width);
    }
    return { loss, gradient };
  };
}
function add2(sums, values, at) {
  for (let i = 0; i < values.length; i++) sums[at + i] += values[i];
}
function measure({ features, nameOf = (row2) => `row ${row2}` }, width, standardise) {
  const rows2 = features.length / width;
  const mean3 = new Float64Array(width);
  for (let i = 0, j = 0; i < features.length; i++, j = j + 1 === width ? 0 : j + 1) {
    if (!Number.isFinite(features[i])) {
      throw new UserError("numeric", `${nameOf(Math.floor(i / width))}: feature ${j} is ${features[i]}`, {
        hint: "The image or the backbone is broken: leave the image out, or choose another backbone."
      });
    }
    mean3[j] += features[i] / rows2;
  }
  const spread3 = new Float64Array(width);
  for (let i = 0, j = 0; i < features.length; i++, j = j + 1 === width ? 0 : j + 1)
    spread3[j] += (features[i] - mean3[j]) ** 2 / rows2;
  return {
    mean: mean3,
    // A feature that never changes teaches nothing; what rounding leaves of its spread must not be blown up.
    spread: spread3.map(
      (variance, d) => standardise && Math.sqrt(variance) > CONSTANT * Math.abs(mean3[d]) ? Math.sqrt(variance) : 1
    )
  };
}
function rescale({ features, disposable = false }, { mean: mean3, spread: spread3 }) {
  const width = mean3.length;
  const scaled = disposable ? features : new Float32Array(features.length);
  for (let i = 0, j = 0; i < features.length; i++, j = j + 1 === width ? 0 : j + 1)
    scaled[i] = (features[i] - mean3[j]) / spread3[j];
  return scaled;
}
function unscale(parameters, { mean: mean3, spread: spread3 }, classes) {
  const width = mean3.length;
  const weights = new Float32Array(classes * width);
  const bias = new Float32Array(classes);
  for (let k = 0; k < classes; k++) {
    let shift = 0;
    for (let j = 0; j < width; j++) {
      const weight = parameters[k * width + j] / spread3[j];
      weights[k * width + j] = weight;
      shift += weight * mean3[j];
    }
    bias[k] = parameters[classes * width + k] - shift;
  }
  return { weights, bias };
}

// src/train/parts.ts
function countPositives(labels, rows2, classes) {
  const counts = new Float64Array(classes);
  for (const row2 of rows2) for (let k = 0; k < classes; k++) if (labels[row2 * classes + k] === 1) counts[k]++;
  return counts;
}
function pickRows(matrix, width, rows2) {
  const picked = matrix instanceof Float32Array ? new Float32Array(rows2.length * width) : new Int8Array(rows2.length * width);
  rows2.forEach((row2, i) => {
    picked.set(matrix.subarray(row2 * width, (row2 + 1) * width), i * width);
  });
  return picked;
}

// src/train/folds.ts
function dealFolds(rows2, labels, { classes, folds, seed, groups }) {
  const units = /* @__PURE__ */ new Map();
  for (const row2 of rows2) {
    const key = groups?.[row2] === void 0 ? `row ${row2}` : `group ${groups[row2]}`;
    const unit = units.get(key);
    if (unit) unit.push(row2);
    else units.set(key, [row2]);
  }
  const counted = createRandom(seed, "folds").shuffle([...units.values()]).map((unit) => ({ unit, counts: countPositives(labels, unit, classes) }));
  const totals = countPositives(labels, rows2, classes);
  const rarest = (counts) => counts.reduce((least, count, k) => count > 0 ? Math.min(least, totals[k]) : least, Number.POSITIVE_INFINITY);
  counted.sort((a, b) => b.unit.length - a.unit.length || rarest(a.counts) - rarest(b.counts));
  const dealt = Array.from({ length: Math.min(folds, units.size) }, () => ({
    rows: [],
    counts: new Float64Array(classes)
  }));
  for (const { unit, counts } of counted) {
    const load = (fold) => counts.reduce(
      (sum3, count, k) => sum3 + count * fold.counts[k] / Math.max(1, totals[k]),
      fold.rows.length / rows2.length / rows2.length
    );
    const target = dealt.reduce((best, fold) => load(fold) < load(best) ? fold : best);
    for (const row2 of unit) target.rows.push(row2);
    for (let k = 0; k < classes; k++) target.counts[k] += counts[k];
  }
  return dealt.map((fold) => fold.rows.sort((a, b) => a - b));
}

// src/learn/decide.ts
var DEFAULT_THRESHOLD = 0.5;
var DECIDE = {
  multiclass(probabilities2, classes) {
    const decisions = new Uint8Array(probabilities2.length);
    for (let start = 0; start < probabilities2.length; start += classes)
      decisions[start + argmax(probabilities2, start, classes)] = 1;
    return decisions;
  },
  multilabel(probabilities2, classes, thresholds) {
    const decisions = new Uint8Array(probabilities2.length);
    for (let i = 0; i < decisions.length; i++)
      decisions[i] = probabilities2[i] >= (thresholds?.[i % classes] ?? DEFAULT_THRESHOLD) ? 1 : 0;
    return decisions;
  }
};
function argmax(values, start, count) {
  let best = 0;
  for (let k = 1; k < count; k++) if (values[start + k] > values[start + best]) best = k;
  return best;
}

// src/learn/metrics/calibration.ts
var RELIABILITY_BINS = 15;
function binSums(confidences, correct, width, weights, bins = RELIABILITY_BINS) {
  const sums = { counts: new Float64Array(bins), confidences: new Float64Array(bins), hits: new Float64Array(bins) };
  const edges = Float64Array.from({ length: bins + 1 }, (_, bin) => bin / bins);
  for (let i = 0, k = 0, row2 = 0; i < confidences.length; i++) {
    if (correct[i] >= 0) {
      const confidence = confidences[i];
      const weight = weights === void 0 ? 1 : weights[row2];
      let bin = Math.min(bins, Math.max(0, confidence * bins)) | 0;
      if (bin > 0 && confidence <= edges[bin]) bin--;
      if (bin < bins - 1 && confidence > edges[bin + 1]) bin++;
      else if (bin === bins) bin--;
      sums.counts[bin] += weight;
      sums.confidences[bin] += weight * confidence;
      sums.hits[bin] += weight * correct[i];
    }
    if (++k < width) continue;
    k = 0;
    row2++;
  }
  return sums;
}
function expectedCalibrationError({ counts, confidences, hits }) {
  let [total, gaps] = [0, 0];
  for (const [bin, count] of counts.entries()) {
    total += count;
    gaps += Math.abs(confidences[bin] - hits[bin]);
  }
  return total === 0 ? void 0 : gaps / total;
}

// src/learn/metrics/counts.ts
function countCells(labels, decisions, classes, weights) {
  const counts = new Float64Array(4 * classes);
  for (let i = 0, k = 0, row2 = 0; i < labels.length; i++) {
    if (labels[i] >= 0) counts[(2 * labels[i] + decisions[i]) * classes + k] += weights === void 0 ? 1 : weights[row2];
    if (++k < classes) continue;
    k = 0;
    row2++;
  }
  const [tn, fp, fn, tp] = [0, 1, 2, 3].map((kind) => counts.subarray(kind * classes, (kind + 1) * classes));
  return { tp, fp, fn, tn };
}
function scoresOf(tp, fp, fn, { beta = 1, zeroDivision = 0 } = {}) {
  const ratio = (a, b) => b === 0 ? zeroDivision : a / b;
  const b2 = beta * beta;
  return { precision: ratio(tp, tp + fp), recall: ratio(tp, tp + fn), fbeta: ratio((1 + b2) * tp, (1 + b2) * tp + b2 * fn + fp) };
}
function classScores({ tp, fp, fn }, options = {}) {
  return Array.from(tp, (hits, k) => ({ ...scoresOf(hits, fp[k], fn[k], options), support: hits + fn[k] }));
}
var AVERAGES = {
  /** Every class counts the same. */
  macro(counts, options = {}) {
    return weightedMean(classScores(counts, options), () => 1);
  },
  /** Every cell counts the same. */
  micro({ tp, fp, fn }, options = {}) {
    return scoresOf(sum2(tp), sum2(fp), sum2(fn), options);
  },
  /** Every class counts as often as it is true; all the same if none ever is. */
  weighted(counts, options = {}) {
    const scores = classScores(counts, options);
    return weightedMean(scores, scores.some(({ support }) => support > 0) ? ({ support }) => support : () => 1);
  }
};
function weightedMean(scores, weightOf) {
  const total = scores.reduce((all, score) => all + weightOf(score), 0);
  const mean3 = (key) => scores.reduce((all, score) => all + weightOf(score) * score[key], 0) / total;
  return { precision: mean3("precision"), recall: mean3("recall"), fbeta: mean3("fbeta") };
}
function sum2(values) {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
function meanOf(values) {
  let total = 0;
  let count = 0;
  for (const value of values) {
    if (value === void 0) continue;
    total += value;
    count++;
  }
  return count === 0 ? void 0 : total / count;
}

// src/learn/argsort.ts
var TRUE_BIT = 2 ** 30;
var GROUP_BITS = 12;
var GROUP_SHIFT = 32 - GROUP_BITS;
var MIN_GROUP = 2 ** 15;
var MAX_GROUPS = 256;
var DIGIT_BITS = 11;
function sortCells(scores, labels) {
  if (scores.length >= TRUE_BIT) throw new RangeError(`${scores.length} scores are too many to sort, 2^30 is the limit`);
  const bits = new Int32Array(scores.buffer, scores.byteOffset, scores.length);
  const counts = new Uint32Array(2 ** GROUP_BITS);
  let known = 0;
  for (let i = 0; i < bits.length; i++) {
    if (labels[i] < 0) continue;
    if ((bits[i] & 2147483647) > 2139095040) throw new RangeError(`score ${i} is not a number`);
    counts[descending(bits[i]) >>> GROUP_SHIFT]++;
    known++;
  }
  const groups = groupsOf(counts, Math.max(MIN_GROUP, known / MAX_GROUPS));
  const groupOfBin = new Uint16Array(counts.length);
  const next = new Uint32Array(groups.length);
  for (const [g, { firstBin, from }] of groups.entries()) {
    groupOfBin.fill(g, firstBin);
    next[g] = from;
  }
  const keys = new Int32Array(known);
  const entries = new Int32Array(known);
  for (let i = 0; i < bits.length; i++) {
    if (labels[i] < 0) continue;
    const key = descending(bits[i]);
    const at = next[groupOfBin[key >>> GROUP_SHIFT]]++;
    keys[at] = key;
    entries[at] = i | labels[i] << 30;
  }
  const scratch = createScratch(groups.reduce((most, { from, to }) => Math.max(most, to - from), 0));
  for (const { from, to, firstBin } of groups) {
    sortGroup(keys.subarray(from, to), entries.subarray(from, to), firstBin << GROUP_SHIFT, scratch);
  }
  return { keys, entries };
}
function sameOrder(values) {
  if (values instanceof Float32Array) return values;
  const exact = new Float64Array(values.length);
  for (let i = 0; i < exact.length; i++) exact[i] = values[i] + 0;
  const order = argsortExact(exact);
  const ranks = new Float32Array(exact.length);
  const bits = new Int32Array(ranks.buffer);
  let rank = 0;
  for (let n = order.length - 1; n >= 0; n--) {
    if (n + 1 < order.length && exact[order[n]] !== exact[order[n + 1]]) rank++;
    bits[order[n]] = rank;
  }
  for (let i = 0; i < exact.length; i++) if (Number.isNaN(exact[i])) ranks[i] = Number.NaN;
  return ranks;
}
function argsortExact(exact) {
  const words = new Int32Array(exact.buffer);
  const scratch = createScratch(exact.length);
  const order = new Int32Array(exact.length);
  const keys = new Int32Array(exact.length);
  const [low, high] = LITTLE_ENDIAN ? [0, 1] : [1, 0];
  for (let n = 0; n < keys.length; n++) {
    order[n] = n;
    keys[n] = words[2 * n + high] < 0 ? words[2 * n + low] : ~words[2 * n + low];
  }
  sortGroup(keys, order, 0, scratch);
  for (let n = 0; n < keys.length; n++) keys[n] = inverted(words[2 * order[n] + high]);
  sortGroup(keys, order, 0, scratch);
  return order;
}
var LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
function descending(bits) {
  return inverted(bits === NEGATIVE_ZERO ? 0 : bits);
}
var NEGATIVE_ZERO = -(2 ** 31);
function inverted(bits) {
  return bits >= 0 ? 2147483647 - bits : bits;
}
function groupsOf(counts, size2) {
  const groups = [];
  let group;
  let total = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    if (counts[bin] === 0) continue;
    if (group === void 0 || group.to - group.from + counts[bin] > size2) {
      group = { firstBin: bin, from: total, to: total };
      groups.push(group);
    }
    total += counts[bin];
    group.to = total;
  }
  return groups;
}
function createScratch(length) {
  return { keys: new Int32Array(length), entries: new Int32Array(length), next: new Uint32Array(2 ** DIGIT_BITS) };
}
function sortGroup(keys, entries, base, scratch) {
  const length = keys.length;
  let used = 0;
  for (let i = 0; i < length; i++) used |= keys[i] - base;
  const bits = 32 - Math.clz32(used);
  const passes = Math.ceil(bits / DIGIT_BITS);
  const digit = Math.ceil(bits / Math.max(1, passes));
  const mask = 2 ** digit - 1;
  const { next } = scratch;
  let [fromKeys, fromEntries, toKeys, toEntries] = [keys, entries, scratch.keys, scratch.entries];
  for (let shift = 0; shift < passes * digit; shift += digit) {
    next.fill(0, 0, mask + 1);
    for (let i = 0; i < length; i++) next[fromKeys[i] - base >>> shift & mask]++;
    let total = 0;
    for (let d = 0; d <= mask; d++) {
      const count = next[d];
      next[d] = total;
      total += count;
    }
    for (let i = 0; i < length; i++) {
      const key = fromKeys[i];
      const at = next[key - base >>> shift & mask]++;
      toKeys[at] = key;
      toEntries[at] = fromEntries[i];
    }
    [fromKeys, fromEntries, toKeys, toEntries] = [toKeys, toEntries, fromKeys, fromEntries];
  }
  if (passes % 2 === 1) {
    keys.set(fromKeys.subarray(0, length));
    entries.set(fromEntries.subarray(0, length));
  }
}

// src/learn/metrics/ranks.ts
var ROW_BITS = TRUE_BIT - 1;
var LAST_OF_TIE = -(2 ** 31);
function rankCells(labels, scores, classes) {
  const { keys, entries } = sortCells(sameOrder(scores), labels);
  const last = entries.length - 1;
  if (classes === 1) {
    for (let n = 0; n <= last; n++) if (n === last || keys[n + 1] !== keys[n]) entries[n] |= LAST_OF_TIE;
    return { pooled: entries, perClass: [entries] };
  }
  const sizes = new Uint32Array(classes);
  for (let i = 0, k = 0; i < labels.length; i++) {
    if (labels[i] >= 0) sizes[k]++;
    if (++k === classes) k = 0;
  }
  const dealt = new Int32Array(entries.length);
  const starts = new Uint32Array(classes);
  for (let k = 1; k < classes; k++) starts[k] = starts[k - 1] + sizes[k - 1];
  const next = starts.slice();
  const keyBefore = new Int32Array(classes);
  const perClass = 1 / classes;
  for (let n = 0; n <= last; n++) {
    const key = keys[n];
    const cell = entries[n] & ROW_BITS;
    const row2 = (cell + 0.5) * perClass | 0;
    const k = cell - row2 * classes;
    const entry = row2 | entries[n] & TRUE_BIT;
    entries[n] = n === last || keys[n + 1] !== key ? entry | LAST_OF_TIE : entry;
    const at = next[k]++;
    if (keyBefore[k] !== key && at > starts[k]) dealt[at - 1] |= LAST_OF_TIE;
    dealt[at] = entry;
    keyBefore[k] = key;
  }
  return {
    pooled: entries,
    perClass: Array.from(sizes, (size2, k) => {
      const ranks = dealt.subarray(starts[k], starts[k] + size2);
      if (size2 > 0) ranks[size2 - 1] |= LAST_OF_TIE;
      return ranks;
    })
  };
}
function rankScores(ranks, weights) {
  let [tp, seen, tpBefore, fpBefore, precision, lost] = [0, 0, 0, 0, 0, 0];
  for (let n = 0; n < ranks.length; n++) {
    const entry = ranks[n];
    const weight = weights === void 0 ? 1 : weights[entry & ROW_BITS];
    seen += weight;
    tp += weight * (entry >>> 30 & 1);
    if (entry >= 0) continue;
    const fp2 = seen - tp;
    if (tp > tpBefore) {
      const hits = tp - tpBefore;
      precision += hits * tp / seen;
      lost += hits * (fp2 + fpBefore);
      tpBefore = tp;
    }
    fpBefore = fp2;
  }
  const fp = seen - tp;
  return {
    averagePrecision: tp === 0 ? void 0 : precision / tp,
    rocAuc: tp === 0 || fp === 0 ? void 0 : (tp * fp - lost / 2) / tp / fp
  };
}

// src/learn/metrics/ranking.ts
var SHORT = 32;
var FEW_PAIRS = 256;
function openRowRanking(labels, scores, classes) {
  const trueScores = new Float64Array(classes);
  const falseScores = new Float64Array(classes);
  return (start) => {
    let [positives, negatives] = [0, 0];
    for (let i = start; i < start + classes; i++) {
      if (labels[i] === 1) insert(trueScores, positives++, scores[i]);
      else if (labels[i] === 0) falseScores[negatives++] = scores[i];
    }
    if (positives + negatives === 0) return void 0;
    if (positives > SHORT) trueScores.subarray(0, positives).sort();
    const few = positives * negatives <= FEW_PAIRS;
    if (!few) falseScores.subarray(0, negatives).sort();
    let [precision, wrong, coverage] = [0, 0, 0];
    for (let p = positives - 1, q = negatives; p >= 0; ) {
      const score = trueScores[p];
      const before = p;
      while (p >= 0 && trueScores[p] === score) p--;
      let fp = 0;
      if (few) for (let j = 0; j < negatives; j++) fp += falseScores[j] >= score ? 1 : 0;
      else {
        while (q > 0 && falseScores[q - 1] >= score) q--;
        fp = negatives - q;
      }
      const [hits, tp] = [before - p, positives - 1 - p];
      precision += hits * tp / (tp + fp);
      wrong += hits * fp;
      coverage = tp + fp;
    }
    const trivial = positives === 0 || negatives === 0;
    return {
      averagePrecision: trivial ? 1 : precision / positives,
      coverage,
      loss: trivial ? 0 : wrong / (positives * negatives)
    };
  };
}
function insert(sorted, count, value) {
  let at = count;
  if (count < SHORT) {
    for (; at > 0 && sorted[at - 1] > value; at--) sorted[at] = sorted[at - 1];
  }
  sorted[at] = value;
}

// src/learn/metrics/multiclass.ts
var CLIP = 2 ** -52;
function trueClasses(labels, classes) {
  const truth = new Int32Array(labels.length / classes).fill(-1);
  for (let row2 = 0, i = 0; row2 < truth.length; row2++) {
    for (let k = 0; k < classes; k++, i++) if (labels[i] === 1) truth[row2] = k;
  }
  return truth;
}
function topClaims(truth, probabilities2, classes) {
  const confidences = new Float64Array(truth.length);
  const correct = new Int8Array(truth.length).fill(-1);
  for (let row2 = 0, start = 0; row2 < truth.length; row2++, start += classes) {
    if (truth[row2] < 0) continue;
    const top = argmax(probabilities2, start, classes);
    confidences[row2] = probabilities2[start + top];
    correct[row2] = top === truth[row2] ? 1 : 0;
  }
  return { confidences, correct };
}
function accuracy(matrix, classes) {
  const { total, diagonal } = margins(matrix, classes);
  return total === 0 ? void 0 : sum2(diagonal) / total;
}
function balancedAccuracy(matrix, classes) {
  const { rows: rows2, diagonal } = margins(matrix, classes);
  return meanOf(diagonal.map((hits, k) => rows2[k] === 0 ? void 0 : hits / rows2[k]));
}
var KAPPA_POWER = { none: 0, linear: 1, quadratic: 2 };
function kappa(matrix, classes, weighting = "none") {
  const { total, rows: rows2, columns } = margins(matrix, classes);
  let observed = 0;
  let expected = 0;
  for (let i = 0; i < classes; i++) {
    for (let j = 0; j < classes; j++) {
      const weight = i === j ? 0 : Math.abs(i - j) ** KAPPA_POWER[weighting];
      observed += weight * matrix[i * classes + j];
      expected += weight * rows2[i] * columns[j] / total;
    }
  }
  return expected > 0 ? 1 - observed / expected : void 0;
}
function rowRank(probabilities2, start, classes, truth, ties = "lowest") {
  const own = probabilities2[start + truth];
  let above = 0;
  for (let k = 0; k < classes; k++) {
    const other = probabilities2[start + k];
    if (other > own || other === own && (ties === "lowest" ? k < truth : k > truth)) above++;
  }
  return above;
}
function rowLogLoss(probabilities2, start, classes, truth) {
  let total = 0;
  for (let k = 0; k < classes; k++) total += probabilities2[start + k];
  const share = total > 0 ? probabilities2[start + truth] / total : 1 / classes;
  return -Math.log(Math.min(1 - CLIP, Math.max(CLIP, share)));
}
function rowSquares(probabilities2, start, classes, truth) {
  let squares = 0;
  for (let k = 0; k < classes; k++) squares += (probabilities2[start + k] - (k === truth ? 1 : 0)) ** 2;
  return squares;
}
function margins(matrix, classes) {
  const range = Array.from({ length: classes }, (_, k) => k);
  const rows2 = range.map((i) => sum2(range.map((j) => matrix[i * classes + j])));
  const columns = range.map((j) => sum2(range.map((i) => matrix[i * classes + j])));
  return { rows: rows2, columns, diagonal: range.map((k) => matrix[k * classes + k]), total: sum2(rows2) };
}

// src/learn/metrics/row-sums.ts
function sumRows(table, columns, weights) {
  const sums = new Float64Array(columns);
  for (let row2 = 0, start = 0; start < table.length; row2++, start += columns) {
    const weight = weights === void 0 ? 1 : weights[row2];
    if (weight === 0) continue;
    for (let column = 0; column < columns; column++) sums[column] += weight * table[start + column];
  }
  return sums;
}
function areProbabilities(scores, labels) {
  for (let i = 0; i < labels.length; i++) if (labels[i] >= 0 && !(scores[i] >= 0 && scores[i] <= 1)) return false;
  return true;
}

// src/learn/metrics/multiclass-report.ts
var COLUMNS = ["rows", "logLoss", "squares", "top3"];
var TOP = 3;
function openMulticlass(labels, probabilities2, decisions, classes) {
  const truth = trueClasses(labels, classes);
  const decided = new Int32Array(truth.length);
  const { confidences, correct } = topClaims(truth, probabilities2, classes);
  const table = new Float64Array(truth.length * COLUMNS.length);
  for (let row2 = 0; row2 < truth.length; row2++) {
    const start = row2 * classes;
    const own = truth[row2];
    if (own < 0) continue;
    decided[row2] = argmax(decisions, start, classes);
    const at = row2 * COLUMNS.length;
    table[at] = 1;
    table[at + 1] = rowLogLoss(probabilities2, start, classes, own);
    table[at + 2] = rowSquares(probabilities2, start, classes, own);
    table[at + 3] = rowRank(probabilities2, start, classes, own) < TOP ? 1 : 0;
  }
  const { perClass } = rankCells(labels, probabilities2, classes);
  const probable = areProbabilities(probabilities2, labels);
  return (weights) => {
    const sums = sumRows(table, COLUMNS.length, weights);
    if (sums[0] === 0) return {};
    const perRow = (column) => sums[COLUMNS.indexOf(column)] / sums[0];
    const matrix = new Float64Array(classes * classes);
    for (let row2 = 0; row2 < truth.length; row2++)
      if (truth[row2] >= 0) matrix[truth[row2] * classes + decided[row2]] += weights === void 0 ? 1 : weights[row2];
    const counts = countCells(labels, decisions, classes, weights);
    const areas = perClass.map((ranks) => rankScores(ranks, weights).rocAuc);
    return {
      accuracy: accuracy(matrix, classes),
      balancedAccuracy: balancedAccuracy(matrix, classes),
      f1Macro: AVERAGES.macro(counts).fbeta,
      f1Weighted: AVERAGES.weighted(counts).fbeta,
      kappa: kappa(matrix, classes),
      top3Accuracy: classes > TOP ? perRow("top3") : void 0,
      // A mean over some classes only would be another measure.
      aucMacro: areas.includes(void 0) ? void 0 : meanOf(areas),
      logLoss: probable ? perRow("logLoss") : void 0,
      brier: probable ? perRow("squares") : void 0,
      ece: probable ? expectedCalibrationError(binSums(confidences, correct, 1, weights)) : void 0
    };
  };
}

// src/learn/metrics/multilabel-report.ts
var COLUMNS2 = [
  "rows",
  "cells",
  "wrong",
  "crossEntropy",
  "squares",
  "f1",
  "f2",
  "exact",
  "precision",
  "coverage",
  "loss"
];
function openMultilabel(labels, probabilities2, decisions, classes) {
  const ranked = rankCells(labels, probabilities2, classes);
  const table = tabulateRows(labels, probabilities2, decisions, classes);
  const probable = areProbabilities(probabilities2, labels);
  return (weights) => {
    const sums = sumRows(table, COLUMNS2.length, weights);
    const sumOf = (column) => sums[COLUMNS2.indexOf(column)];
    if (sumOf("rows") === 0) return {};
    const perRow = (column) => sumOf(column) / sumOf("rows");
    const perCell = (column) => sumOf(column) / sumOf("cells");
    const counts = countCells(labels, decisions, classes, weights);
    const byClass = ranked.perClass.map((ranks) => rankScores(ranks, weights));
    const precisions = byClass.map(({ averagePrecision }) => averagePrecision);
    return {
      mapMacro: meanOf(precisions),
      mapMacroAll: meanOf(precisions.map((precision) => precision ?? 0)),
      mapMicro: rankScores(ranked.pooled, weights).averagePrecision,
      aucMacro: meanOf(byClass.map(({ rocAuc }) => rocAuc)),
      f1Micro: AVERAGES.micro(counts).fbeta,
      f1Macro: AVERAGES.macro(counts).fbeta,
      f2Macro: AVERAGES.macro(counts, { beta: 2 }).fbeta,
      f1Samples: perRow("f1"),
      f2Samples: perRow("f2"),
      hammingLoss: perCell("wrong"),
      subsetAccuracy: perRow("exact"),
      labelRankingAp: perRow("precision"),
      coverageError: perRow("coverage"),
      rankingLoss: perRow("loss"),
      logLoss: probable ? perCell("crossEntropy") : void 0,
      brier: probable ? perCell("squares") : void 0,
      ece: probable ? expectedCalibrationError(binSums(probabilities2, labels, classes, weights)) : void 0
    };
  };
}
function tabulateRows(labels, probabilities2, decisions, classes) {
  const rankRow = openRowRanking(labels, probabilities2, classes);
  const table = new Float64Array(labels.length / classes * COLUMNS2.length);
  for (let start = 0, at = 0; start < labels.length; start += classes, at += COLUMNS2.length) {
    const ranking = rankRow(start);
    if (ranking === void 0) continue;
    let [cells2, tp, fp, fn, squares] = [0, 0, 0, 0, 0];
    let [product2, crossEntropy2] = [1, 0];
    for (let i = start; i < start + classes; i++) {
      const label = labels[i];
      if (label < 0) continue;
      const probability = probabilities2[i];
      const error = label - probability;
      const chance = label * probability + (1 - label) * (1 - probability);
      cells2++;
      squares += error * error;
      tp += label & decisions[i];
      fp += 1 - label & decisions[i];
      fn += label & 1 - decisions[i];
      if (product2 * chance < 1e-250) {
        crossEntropy2 -= Math.log(product2) + Math.log(chance);
        product2 = 1;
      } else product2 *= chance;
    }
    table[at] = 1;
    table[at + 1] = cells2;
    table[at + 2] = fp + fn;
    table[at + 3] = crossEntropy2 - Math.log(product2);
    table[at + 4] = squares;
    table[at + 5] = tp === 0 ? 0 : 2 * tp / (2 * tp + fn + fp);
    table[at + 6] = tp === 0 ? 0 : 5 * tp / (5 * tp + 4 * fn + fp);
    table[at + 7] = fp + fn === 0 ? 1 : 0;
    table[at + 8] = ranking.averagePrecision;
    table[at + 9] = ranking.coverage;
    table[at + 10] = ranking.loss;
  }
  return table;
}

// src/learn/metrics/rows.ts
var HIGHER = { better: "higher", needsDecisions: false };
var LOWER = { better: "lower", needsDecisions: false };
var HIGHER_DECIDED = { better: "higher", needsDecisions: true };
var LOWER_DECIDED = { better: "lower", needsDecisions: true };
var METRIC_ROWS = {
  accuracy: HIGHER_DECIDED,
  balancedAccuracy: HIGHER_DECIDED,
  mapMacro: HIGHER,
  mapMacroAll: HIGHER,
  mapMicro: HIGHER,
  aucMacro: HIGHER,
  f1Micro: HIGHER_DECIDED,
  f1Macro: HIGHER_DECIDED,
  f1Weighted: HIGHER_DECIDED,
  f2Macro: HIGHER_DECIDED,
  f1Samples: HIGHER_DECIDED,
  f2Samples: HIGHER_DECIDED,
  kappa: HIGHER_DECIDED,
  top3Accuracy: HIGHER,
  hammingLoss: LOWER_DECIDED,
  subsetAccuracy: HIGHER_DECIDED,
  labelRankingAp: HIGHER,
  coverageError: LOWER,
  rankingLoss: LOWER,
  logLoss: LOWER,
  brier: LOWER,
  ece: LOWER
};

// src/learn/metrics/report.ts
var OPEN = { multiclass: openMulticlass, multilabel: openMultilabel };
function openMetrics(task, labels, probabilities2, decisions, classes) {
  const measure2 = OPEN[task](labels, probabilities2, decisions, classes);
  return (weights) => {
    const values = measure2(weights);
    const metrics = {};
    for (const name of Object.keys(METRIC_ROWS)) {
      const value = values[name];
      if (value !== void 0 && Number.isFinite(value)) metrics[name] = value;
    }
    return metrics;
  };
}
var METRICS = {
  multiclass: (...judged) => openMetrics("multiclass", ...judged)(),
  multilabel: (...judged) => openMetrics("multilabel", ...judged)()
};

// src/train/penalty.ts
var STEPS_BACK = 1;
var PATIENCE = 2;
async function choosePenalty(trials, grid, search2) {
  const attempts = [];
  for (const trial of trials) attempts.push(await walk(trial, grid, search2));
  const labels = concat2(
    Int8Array,
    trials.map((trial) => trial.labels)
  );
  const reached = Math.min(...attempts.map((list) => list.length));
  const merged = Array.from({ length: reached }, (_, i) => merge(attempts.map((list) => list[i])));
  const chosen = strongestOfBest(merged);
  return { l2: chosen.l2, start: chosen.parameters, points: merged.map((attempt) => pointOf(attempt, labels, search2)) };
}
async function walk({ labels, open }, grid, { head, classes, loss, signal, onFit }) {
  const { lesson, logitsOf } = open();
  const attempts = [];
  let start;
  let best = Number.POSITIVE_INFINITY;
  let worse = 0;
  for (const l2 of grid) {
    onFit?.(l2);
    const fitted = await lesson.fit(l2, { start, signal, lossTolerance: ROUGH });
    start = fitted.parameters;
    const logits = await logitsOf(fitted);
    const losses = rowLosses(head, logits, labels, classes, loss);
    attempts.push({ l2, trainLoss: fitted.dataLoss, losses, logits, parameters: start });
    const judged = mean2(losses);
    worse = judged < best ? 0 : worse + 1;
    best = Math.min(best, judged);
    if (worse === PATIENCE) break;
  }
  return attempts;
}
function strongestOfBest(attempts) {
  const means = attempts.map(({ losses }) => mean2(losses));
  const best = means.indexOf(Math.min(...means));
  let chosen = Math.max(best, 0);
  while (chosen > Math.max(0, best - STEPS_BACK)) {
    const difference2 = attempts[chosen - 1].losses.map((loss, i) => loss - attempts[best].losses[i]);
    const centre = mean2(difference2);
    const standardError = Math.sqrt(mean2(difference2.map((value) => (value - centre) ** 2)) / difference2.length);
    if (!(centre <= standardError)) break;
    chosen--;
  }
  return attempts[chosen];
}
function merge(attempts) {
  return {
    l2: attempts[0].l2,
    trainLoss: mean2(attempts.map(({ trainLoss }) => trainLoss)),
    losses: concat2(
      Float64Array,
      attempts.map(({ losses }) => losses)
    ),
    logits: concat2(
      Float32Array,
      attempts.map(({ logits }) => logits)
    ),
    parameters: attempts[0].parameters
  };
}
function pointOf({ l2, trainLoss, losses, logits }, labels, { task, head, classes }) {
  const probabilities2 = ACTIVATIONS[head](logits, classes);
  const decisions = DECIDE[task](probabilities2, classes);
  return {
    l2,
    trainLoss,
    validationLoss: mean2(losses),
    validationMetrics: METRICS[task](labels, probabilities2, decisions, classes)
  };
}
function mean2(values) {
  let sum3 = 0;
  for (let i = 0; i < values.length; i++) sum3 += values[i];
  return sum3 / values.length;
}
function concat2(Vector, parts) {
  const whole = new Vector(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

// src/train/score.ts
function meanOverViews(embeddings, views, size2, rows2) {
  if (views === 1 && rows2 === void 0) return embeddings;
  const count = rows2?.length ?? embeddings.length / (views * size2);
  const means = new Float32Array(count * size2);
  for (let n = 0; n < count; n++) {
    const from = (rows2?.[n] ?? n) * views * size2;
    for (let d = 0; d < size2; d++) {
      let sum3 = 0;
      for (let v = 0; v < views; v++) sum3 += embeddings[from + v * size2 + d];
      means[n * size2 + d] = sum3 / views;
    }
  }
  return means;
}
async function openScorer(size2, classes) {
  const session = await openSession(forwardModel(void 0, size2, classes), { file: "the head" });
  return {
    async logitsOf({ weights, bias }, embeddings) {
      const count = embeddings.length / size2;
      if (count === 0) return new Float32Array(0);
      const { logits } = await session.run({
        features: float32([count, size2], embeddings),
        weights: float32([classes, size2], weights),
        bias: float32([classes], bias)
      });
      return Float32Array.from(logits.data);
    },
    close: () => session.close()
  };
}

// src/train/fit.ts
var L2_GRID = Array.from({ length: 15 }, (_, i) => 10 ** (1 - i / 2));
var FOLD_TOLERANCE = 1e-6;
var MAX_BYTES = 8 * 2 ** 30;
async function trainHead(options) {
  const { views, size: size2, labels, head, seed, signal } = options;
  const classes = options.classes.length;
  const everyone = [...options.train, ...options.validation].sort((a, b) => a - b);
  limitBytes(options, everyone.length);
  const apart = validationApart(options);
  const dealt = without(everyone, apart);
  const folds = dealFolds(dealt, labels, { classes, folds: options.folds ?? 5, seed, groups: options.groups });
  const crossFits = options.outOfFold === false ? [] : crossFitsOf(options, everyone, folds, apart);
  const report = (done, note) => options.onProgress?.({ stage: "fit", done, total: crossFits.length + 2, unit: "steps", note });
  const trainer = await openHeadTrainer(head, size2, classes, { loss: options.loss });
  try {
    const scorer = await openScorer(size2, classes);
    try {
      const school = { options, trainer, scorer };
      const { l2, points, start } = options.l2 === void 0 ? await findPenalty(school, everyone, folds, (tried) => report(0, `trying L2 ${tried.toPrecision(2)}`)) : { l2: options.l2, points: [], start: void 0 };
      report(1, `L2 ${l2.toPrecision(2)}`);
      const { final, leftOut } = await fitEveryone(school, everyone, l2, start);
      const rows2 = crossFits.flatMap(({ held }) => held).sort((a, b) => a - b);
      const logits = new Float32Array(rows2.length * classes);
      const place = new Map(rows2.map((row2, i) => [row2, i * classes]));
      for (const [i, { train: train2, held }] of crossFits.entries()) {
        throwIfAborted(signal);
        report(2 + i, "cross-fitting");
        const fitted = await prepare(school, train2).fit(l2, { signal, lossTolerance: FOLD_TOLERANCE });
        const heldLogits = await judge(school, held)(fitted);
        for (const [j, row2] of held.entries()) logits.set(heldLogits.subarray(j * classes, (j + 1) * classes), place.get(row2));
      }
      report(2 + crossFits.length, `L2 ${l2.toPrecision(2)}`);
      return {
        head: { weights: final.weights, bias: final.bias },
        l2,
        grid: points,
        outOfFold: { rows: rows2, logits },
        leftOut: leftOut / views
      };
    } finally {
      await scorer.close();
    }
  } finally {
    await trainer.close();
  }
}
function limitBytes({ embeddings, views, size: size2, maxBytes = MAX_BYTES }, rows2) {
  const bytes = embeddings.byteLength + 4 * size2 * rows2 * (views + 1);
  if (bytes <= maxBytes) return;
  const gib = (count) => `${(count / 2 ** 30).toPrecision(2)} GiB`;
  throw new UserError(
    "limit",
    `training on ${rows2} images \xD7 ${views} views \xD7 ${size2} features takes ${gib(bytes)} of memory, more than ${gib(maxBytes)}`,
    { hint: "Take fewer --views, a backbone with fewer features, or fewer images." }
  );
}
function findPenalty(school, everyone, folds, onFit) {
  const { options } = school;
  const { task, head, loss, labels, signal, l2Grid = L2_GRID } = options;
  const classes = options.classes.length;
  const trials = splitsOf(options, everyone, folds).map(
    ({ train: train2, held }) => ({
      labels: pickRows(labels, classes, held),
      open: () => ({ lesson: prepare(school, train2), logitsOf: judge(school, held) })
    })
  );
  return choosePenalty(trials, l2Grid, { task, head, loss, classes, signal, onFit });
}
function validationApart({ train: train2, validation, groups }) {
  const seen = new Set(train2.map((row2) => groups?.[row2]));
  return validation.filter((row2) => groups?.[row2] === void 0 || !seen.has(groups[row2]));
}
function crossFitsOf({ train: train2 }, everyone, folds, apart) {
  const ofFolds = folds.length === 1 ? [] : heldInTurn(everyone, folds);
  return apart.length === 0 ? ofFolds : [{ train: train2, held: apart }, ...ofFolds];
}
function splitsOf({ train: train2, validation }, everyone, folds) {
  if (validation.length > 0) return [{ train: train2, held: validation }];
  if (folds.length === 1) return [{ train: everyone, held: everyone }];
  return heldInTurn(everyone, folds);
}
function heldInTurn(everyone, folds) {
  return folds.map((held) => ({ train: without(everyone, held), held }));
}
async function fitEveryone(school, everyone, l2, start) {
  const lesson = prepare(school, everyone);
  return { final: await lesson.fit(l2, { start, signal: school.options.signal }), leftOut: lesson.leftOut };
}
function judge({ options, scorer }, rows2) {
  const features = meanOverViews(options.embeddings, options.views, options.size, rows2);
  return (head) => scorer.logitsOf(head, features);
}
function prepare({ options, trainer }, rows2) {
  const { embeddings, views, size: size2, labels, head, files, classWeights, labelSmoothing } = options;
  const classes = options.classes.length;
  const repeated = rows2.flatMap((row2) => new Array(views).fill(row2));
  const given = pickRows(labels, classes, repeated);
  const data = {
    features: pickRows(embeddings, views * size2, rows2),
    disposable: true,
    labels: given,
    nameOf: (i) => files?.[repeated[i]] ?? `image ${repeated[i]}`
  };
  return trainer.prepare(data, { labelSmoothing, ...classWeights === "balanced" && BALANCED_WEIGHTS[head](given, classes) });
}
function without(rows2, held) {
  const absent = new Set(held);
  return rows2.filter((row2) => !absent.has(row2));
}

// ../../../tmp/country/sep.ts
var [which, trainSeeds, testSeeds, size = "1536", nb = "4", hazeTrain = "0", hazeTest = hazeTrain, keepEvery = "1"] = process.argv.slice(2);
var bands = ["red", "green", "blue", "nir", "swir16", "swir22"].slice(0, +nb);
function chips(seed, haze, date = 0) {
  const country = createCountry({ sizePx: +size, seed, dates: 2 });
  const out = [];
  for (let ty = 0; ty + 512 <= +size; ty += 512) for (let tx = 0; tx + 512 <= +size; tx += 512) {
    const { raster, classes } = renderWindow(country, { date, window: { leftPx: tx, topPx: ty, widthPx: 512, heightPx: 512 }, bands, haze });
    for (let cy = 0; cy < 512; cy += 64) for (let cx = 0; cx < 512; cx += 64) {
      const counts = new Array(LAND.length).fill(0);
      const data = new Uint16Array(bands.length * 4096);
      for (let y = 0; y < 64; y++) for (let x = 0; x < 64; x++) {
        const at = (cy + y) * 512 + cx + x;
        counts[classes[at] - 1]++;
        for (let b = 0; b < bands.length; b++) data[b * 4096 + y * 64 + x] = raster.data[b * 512 * 512 + at];
      }
      const label = counts.indexOf(Math.max(...counts));
      out.push({ raster: { bands, widthPx: 64, heightPx: 64, dtype: "uint16", data }, label, purity: counts[label] / 4096 });
    }
  }
  return out;
}
var t0 = performance.now();
var train = trainSeeds.split(",").flatMap((s) => chips(+s, +hazeTrain)).filter((_, i) => i % +keepEvery === 0);
var test = hazeTest.split("/").flatMap((h) => testSeeds.split(",").flatMap((s) => chips(+s, +h).map((c) => ({ ...c, haze: h })))).filter((c, i) => c.purity >= 0.6 && i % +keepEvery === 0);
console.log("chips", train.length, test.length, ((performance.now() - t0) / 1e3).toFixed(0), "s");
for (const name of which.split("+")) {
  const context = { seed: 1, trainingImages: async function* (limit) {
    const step2 = Math.max(1, train.length / limit);
    for (let i = 0; i < Math.min(limit, train.length); i++) yield train[Math.floor(i * step2)].raster;
  } };
  const backbone = await (name === "rcf" ? openRcf : openStats)(context);
  const session = await openSession(backbone.model, { threads: 2 });
  const { preprocess: p, embeddingSize: D } = backbone;
  const C = p.bands.length, S = p.widthPx;
  const pixels = new Float32Array(C * S * S);
  const embed = async (list) => {
    const out = new Float32Array(list.length * D);
    for (let i = 0; i < list.length; i++) {
      toInput(list[i].raster, p, pixels, 0, {});
      const r = await session.run({ image: float32([1, C, S, S], pixels) }, ["embedding"]);
      out.set(r.embedding.data, i * D);
    }
    return out;
  };
  const E = await embed(train), T = await embed(test);
  const present = [...new Set(train.map((c) => c.label))].sort();
  const K = present.length;
  const labels = new Int8Array(train.length * K);
  train.forEach((c, i) => {
    labels[i * K + present.indexOf(c.label)] = 1;
  });
  const rows2 = train.map((_, i) => i);
  const fit = await trainHead({ embeddings: E, views: 1, size: D, labels, classes: present.map((k) => LAND[k].name), train: rows2.filter((i) => i % 8 !== 0), validation: rows2.filter((i) => i % 8 === 0), task: "multiclass", head: "softmax", outOfFold: false, seed: 1 });
  const { weights, bias } = fit.head;
  const conf = Array.from({ length: 7 }, () => new Array(7).fill(0));
  const bins = {};
  let right = 0;
  test.forEach((c, i) => {
    let best = -1e9, arg2 = 0;
    for (let k = 0; k < K; k++) {
      let z = bias[k];
      for (let d = 0; d < D; d++) z += T[i * D + d] * weights[k * D + d];
      if (z > best) {
        best = z;
        arg2 = k;
      }
    }
    const got = present[arg2];
    conf[c.label][got]++;
    const ok = got === c.label ? 1 : 0;
    right += ok;
    (bins["haze" + c.haze] ??= [0, 0])[0] += ok;
    bins["haze" + c.haze][1]++;
    const bin = Math.min(9, Math.floor(c.purity * 10)) / 10;
    (bins[bin] ??= [0, 0])[0] += ok;
    bins[bin][1]++;
  });
  console.log(name, "l2", fit.l2, "accuracy", (100 * right / test.length).toFixed(2), "bins", Object.entries(bins).sort().map(([b, [a, n]]) => `${b}: ${(100 * a / n).toFixed(0)}% of ${n}`).join(", "));
  console.log("          " + LAND.map((l) => l.name.padStart(7)).join(""));
  conf.forEach((row2, k) => console.log(LAND[k].name.padEnd(10) + row2.map((v) => String(v).padStart(7)).join("")));
  console.log(((performance.now() - t0) / 1e3).toFixed(0), "s");
}
