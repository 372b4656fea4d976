import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { type Browser, chromium } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRandom } from "../src/random.js";
import { crsOfEpsg } from "../src/raster/geo/crs.js";
import { type CogOptions, createCog } from "../src/raster/write/cog.js";
import { type RangeServer, rangeServer } from "./range-server.js";
import { UTM_18S } from "./utm-18s.js";

const CHROMIUM = process.env.SIGMAX_CHROMIUM ?? "/usr/bin/chromium";
const present = existsSync(CHROMIUM);
if (!present) console.warn(`SKIPPED: ${CHROMIUM} is not there: COGs are not opened in a browser map`);

const work = mkdtempSync(join(tmpdir(), "sigmax-cog-browser-"));
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** Side of the rasters, and of their map on the page: what is seen at a pixel for each of the map's is an overview. */
const [SIDE, BLOCK, MAP] = [1024, 256, 256];

/** What the page does. Text, since it runs there and not here; bundled with OpenLayers. */
const PAGE_SCRIPT = `
  import Map from "ol/Map.js";
  import View from "ol/View.js";
  import TileLayer from "ol/layer/WebGLTile.js";
  import GeoTIFF from "ol/source/GeoTIFF.js";
  import { fromUrl } from "geotiff";

  /** Shows a COG in its own system, and says what of it arrived. */
  globalThis.show = async (file, { isPalette, factor }) => {
    const url = location.origin + file;
    const source = new GeoTIFF({ sources: [{ url }], normalize: !isPalette, convertToRGB: false, interpolate: false });
    const errors = [];
    source.on("tileloaderror", () => errors.push("a tile could not be loaded"));
    let tiles = 0;
    source.on("tileloadend", () => tiles++);
    const { projection, extent, resolutions } = await source.getView();
    const image = await (await fromUrl(url)).getImage();
    const map16 = isPalette ? await image.fileDirectory.loadValue("ColorMap") : [];
    const colours = Array.from({ length: map16.length / 3 }, (_, i) => [0, 1, 2].map((band) => map16[band * (map16.length / 3) + i] >> 8));
    const style = isPalette ? { color: ["palette", ["band", 1], colours.map((colour) => "rgb(" + colour + ")")] } : undefined;
    const layer = new TileLayer({ source, style });
    const center = [(extent[0] + extent[2]) / 2, (extent[1] + extent[3]) / 2];
    const target = document.getElementById("map");
    target.replaceChildren();
    const finest = Math.min(...resolutions);
    const map = new Map({ target, controls: [], layers: [layer], view: new View({ projection, center, resolution: finest * factor, constrainResolution: false }) });
    await new Promise((done) => map.once("rendercomplete", done));
    const at = (x, y) => [...layer.getData([x, y])];
    return { errors, tiles, extent, finest, code: projection.getCode(), colours: colours.slice(0, 4), values: [at(64, 64), at(192, 64), at(64, 192), at(192, 192)] };
  };
`;
const PAGE = `<!doctype html><style>body { margin: 0 } #map { width: ${MAP}px; height: ${MAP}px }</style><div id="map"></div><script type="module" src="/page.js"></script>`;

/** What `show` says. */
interface Shown {
  readonly errors: readonly string[];
  readonly tiles: number;
  readonly extent: readonly number[];
  readonly finest: number;
  readonly code: string;
  readonly colours: readonly (readonly number[])[];
  /** In the middles of the four quarters. */
  readonly values: readonly (readonly number[])[];
}

/** Red, green, blue, and as class numbers. */
const QUARTERS = [
  [200, 30, 40],
  [20, 160, 60],
  [40, 60, 210],
  [230, 220, 70],
] as const;
const PALETTE = [[0, 0, 0], ...QUARTERS] as const;
const EXTENT = [500_000, 8_989_760, 510_240, 9_000_000];

/** Writes a raster of four quarters. */
async function write(
  name: string,
  options: Pick<CogOptions, "bands" | "palette" | "georeference">,
  value: (band: number, quarter: number) => number,
) {
  const path = join(work, name);
  const writer = await createCog({ path, widthPx: SIDE, heightPx: SIDE, dtype: "uint8", blockPx: BLOCK, ...options });
  for (let top = 0; top < SIDE; top += BLOCK) {
    for (let left = 0; left < SIDE; left += BLOCK) {
      const quarter = (top < SIDE / 2 ? 0 : 2) + (left < SIDE / 2 ? 0 : 1);
      const data = new Uint8Array(options.bands.length * BLOCK * BLOCK);
      for (let i = 0; i < data.length; i++) data[i] = value(Math.floor(i / BLOCK / BLOCK), quarter);
      await writer.write(left, top, { data, widthPx: BLOCK, heightPx: BLOCK });
    }
  }
  await writer.finish();
  return readFileSync(path);
}

describe.skipIf(!present)("a COG in a browser map", () => {
  let browser: Browser;
  let server: RangeServer;
  const files: Record<string, Uint8Array> = { "/page.html": Buffer.from(PAGE) };

  beforeAll(async () => {
    const transform = [EXTENT[0], 10, 0, EXTENT[3], 0, -10] as const;
    const random = createRandom(1, "cog browser test");
    // Noise makes the full raster large beside its overviews, whose averages have little of it.
    const rgb = ["red", "green", "blue"].map((name) => ({ name }));
    const mercator = { bands: rgb, georeference: { crs: crsOfEpsg(3857), transform } };
    files["/rgb.tif"] = await write("rgb.tif", mercator, (band, quarter) => QUARTERS[quarter][band] + random.int(9) - 4);
    const classes = { bands: [{ name: "class" }], palette: PALETTE, georeference: { crs: UTM_18S, transform } };
    files["/classes.tif"] = await write("classes.tif", classes, (_, quarter) => quarter + 1);
    const bundle = await build({
      stdin: { contents: PAGE_SCRIPT, resolveDir: resolve(import.meta.dirname, "..") },
      bundle: true,
      write: false,
      platform: "browser",
      format: "esm",
      logLevel: "error",
    });
    files["/page.js"] = bundle.outputFiles[0].contents;
    server = await rangeServer(files);
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: [
        "--no-sandbox",
        // OpenLayers draws by WebGL: in software, where there is no graphics card.
        ...["--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"],
        ...[
          "--disable-quic",
          "--no-first-run",
          "--disable-background-networking",
          "--disable-component-update",
          "--disable-sync",
        ],
      ],
    });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  /** What the page says, and the colours that are seen in the middles of the quarters. */
  async function show(file: string, options: { isPalette: boolean; factor: number }) {
    const page = await browser.newPage({ viewport: { width: MAP, height: MAP } });
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    await page.goto(`${server.address}/page.html`);
    await page.waitForFunction("globalThis.show !== undefined", undefined, { timeout: 20_000 });
    const shown = (await page.evaluate(`show(${JSON.stringify(file)}, ${JSON.stringify(options)})`)) as Shown; // as the script says
    const { data, info } = await sharp(await page.screenshot())
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    const seen = [64, 192].flatMap((y) => [64, 192].map((x) => [...data.subarray((y * info.width + x) * 3).subarray(0, 3)]));
    await page.close();
    expect(complaints.filter((text) => !/favicon|404/.test(text))).toEqual([]);
    expect(shown.errors).toEqual([]);
    expect(shown.tiles).toBeGreaterThan(0);
    expect(shown.extent).toEqual(EXTENT);
    expect(shown.finest).toBe(10);
    return { shown, seen };
  }

  it("of colours is seen where it lies, by its overviews and parts of the file", async () => {
    const { shown, seen } = await show("/rgb.tif", { isPalette: false, factor: SIDE / MAP });
    expect(shown.code).toBe("EPSG:3857");
    for (const [quarter, colour] of QUARTERS.entries()) {
      for (const [band, value] of colour.entries()) {
        expect(Math.abs(shown.values[quarter][band] - value)).toBeLessThanOrEqual(4);
        expect(Math.abs(seen[quarter][band] - value)).toBeLessThanOrEqual(5);
      }
    }
    // The overview is a sixteenth of the raster.
    expect(server.ranges.length).toBeGreaterThan(0);
    expect(server.sent()).toBeLessThan(files["/rgb.tif"].length / 2);
    expect(server.others).not.toContain("/rgb.tif");
  });

  it("of classes has the numbers, and is seen in the colours of its table", async () => {
    const { shown, seen } = await show("/classes.tif", { isPalette: true, factor: SIDE / MAP });
    expect(shown.code).toBe("EPSG:32718");
    expect(shown.colours).toEqual(PALETTE.slice(0, 4));
    expect(shown.values.map(([value]) => value)).toEqual([1, 2, 3, 4]);
    expect(seen).toEqual(QUARTERS);
  });
});
