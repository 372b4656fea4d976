// Writes src/raster/geo/epsg.tsv from the package epsg-index: what is needed to project the systems of the EPSG register. Needs
// GDAL's Python bindings too, since every row is compared with PROJ; takes some minutes.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const proj4 = require("proj4");
const index = require.resolve("epsg-index/all.json");
const { version } = JSON.parse(readFileSync(new URL("package.json", `file://${index}`), "utf8"));

const KINDS = { "CRS-PROJCRS": "projected", "CRS-GEOGCRS": "geographic", "CRS-GEOG3DCRS": "geographic" };
/** Codes above are those of other registers. */
const LAST_CODE = 32767;
/** A row that differs more from PROJ, by the shift of its datum, is not used. */
const TOLERANCE_METERS = 5;

/** proj4 takes an ellipsoid that it does not know for WGS 84, without a word: these are given in numbers. */
const ELLIPSOIDS = { WGS72: "+a=6378135 +rf=298.26", GSK2011: "+a=6378136.5 +rf=298.2564151" };

/** Where a datum needs a grid of shifts, which are files of megabytes: the EPSG transformation that is nearest to it. */
const INSTEAD_OF_GRIDS = {
  // EPSG:1314, EPSG:1777, EPSG:1564.
  "OSTN15_NTv2_OSGBtoETRS.gsb": "446.448,-125.157,542.06,0.15,0.247,0.842,-20.489",
  "BETA2007.gsb": "598.1,73.7,418.2,0.202,0.045,-2.455,6.7",
  "nzgd2kgrid0005.gsb": "59.47,-5.04,187.44,0.47,-0.1,1.024,-4.5993",
};

const ARC_SECONDS_IN_MICRORADIAN = 0.206264806;

/** The index has rotations as the register does: in either sense, of a point or of its axes, and some in microradians. */
const ROTATIONS = [1, -1, ARC_SECONDS_IN_MICRORADIAN, -ARC_SECONDS_IN_MICRORADIAN];

function candidatesOf(text) {
  const [whole, shift, rotation, scale] = /\+towgs84=([^, ]+,[^, ]+,[^, ]+),([^, ]+,[^, ]+,[^, ]+),([^, ]+)/.exec(text) ?? [];
  if (whole === undefined || rotation === "0,0,0") return [text];
  return ROTATIONS.map((factor) => {
    if (factor === 1) return text;
    const turned = rotation.split(",").map((angle) => Number((angle * factor).toFixed(9)) + 0);
    return text.replace(whole, `+towgs84=${shift},${turned.join(",")},${scale}`);
  });
}

/** The text for proj4, and why it cannot be used. */
function projectionOf({ proj4: given, unit }) {
  if (!given) return { text: "", why: "no formula is known for it" };
  const text = given
    .replace(/ \+(no_defs|type=crs|wktext)\b/g, "")
    .replace(/\+ellps=(\S+)/, (whole, name) => ELLIPSOIDS[name] ?? whole)
    .replace(/\+nadgrids=(\S+\.gsb)/, (whole, grid) => (INSTEAD_OF_GRIDS[grid] ? `+towgs84=${INSTEAD_OF_GRIDS[grid]}` : whole));
  const grid = /\+nadgrids=(?!@null)("[^"]*"|\S+)/.exec(text);
  if (grid) return { text, why: `its datum needs the grid of shifts ${grid[1].replaceAll('"', "")}` };
  if (text.includes("+axis=")) return { text, why: "its axes do not run east and north" };
  if (unit === "grad") return { text, why: "its angles are grads" };
  try {
    proj4(text);
  } catch {
    return { text, why: `nobody has built its projection "${/\+proj=(\S+)/.exec(text)?.[1]}"` };
  }
  return { text, why: "" };
}

/** Points of the area where a system is used: [longitude, latitude]. */
function pointsOf({ bbox: [north, west, south, east] }) {
  const widthDegrees = east < west ? east + 360 - west : east - west;
  return [
    [0.5, 0.5],
    [0.25, 0.3],
    [0.8, 0.7],
  ].map(([x, y]) => {
    const longitude = west + x * widthDegrees;
    return [longitude > 180 ? longitude - 360 : longitude, south + y * (north - south)];
  });
}

/** Where PROJ has these points; null for a system it does not know. */
function askProj(rows) {
  const program = `import json, sys
from osgeo import osr, gdal
osr.UseExceptions(); gdal.PushErrorHandler("CPLQuietErrorHandler")
wgs = osr.SpatialReference(); wgs.ImportFromEPSG(4326); wgs.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
def places(code, points):
    try:
        crs = osr.SpatialReference(); crs.ImportFromEPSG(code); crs.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
        moved = osr.CoordinateTransformation(wgs, crs)
        return [crs.GetLinearUnits() if crs.IsProjected() else 111320, [moved.TransformPoint(*p)[:2] for p in points]]
    except Exception: return None
print(json.dumps([places(*row) for row in json.load(sys.stdin)]))`;
  const input = JSON.stringify(rows.map((row) => [Number(row.code), pointsOf(row)]));
  const { status, stdout, stderr } = spawnSync("/usr/bin/python3", ["-c", program], {
    input,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

function metersApart(text, points, [unit, places]) {
  const { forward } = proj4("+proj=longlat +datum=WGS84", text);
  return Math.max(
    ...points.map((point, at) => {
      const [x, y] = forward(point);
      return Math.hypot(x - places[at][0], y - places[at][1]) * unit;
    }),
  );
}

const isTied = (text) => /\+(datum|towgs84|nadgrids)=|\+ellps=(GRS80|WGS84)\b/.test(text);

/** The text that is nearest to PROJ, or why there is none. */
function compared(row, { text, why }, answer) {
  // Without a shift to WGS 84 there is nothing to compare; what PROJ does not know stays if it is WGS 84 but for a metre.
  if (why !== "" || !isTied(text)) return { text, why };
  if (answer === null)
    return /towgs84=(?!0,0,0,0,0,0,0)/.test(text) ? { text, why: "nobody could check its datum" } : { text, why };
  const choices = candidatesOf(text).map((choice) => ({ text: choice, meters: metersApart(choice, pointsOf(row), answer) }));
  const best = choices.reduce((a, b) => (b.meters < a.meters ? b : a));
  if (best.meters <= TOLERANCE_METERS) return { text: best.text, why };
  return { text, why: `its datum has no shift to WGS 84 that is good to ${TOLERANCE_METERS} m` };
}

const systems = Object.values(JSON.parse(readFileSync(index, "utf8")))
  .filter(({ code, kind }) => KINDS[kind] && Number(code) <= LAST_CODE)
  .sort((a, b) => a.code - b.code);
const answers = askProj(systems);
const rows = systems.map((row, at) => {
  const { text, why } = compared(row, projectionOf(row), answers[at]);
  return [row.code, KINDS[row.kind], row.name, text, why].join("\t");
});

const header = `# Derived from the EPSG Geodetic Parameter Dataset, which is owned by IOGP (https://epsg.org/terms-of-use.html).
# Made by scripts/epsg.mjs from epsg-index ${version} (ISC), compared with PROJ; not to be edited.
# code\tkind\tname\tproj4\twhy it is not projected
`;
writeFileSync(new URL("../src/raster/geo/epsg.tsv", import.meta.url), `${header}${rows.join("\n")}\n`);
console.log(`${rows.length} systems, ${rows.filter((row) => row.endsWith("\t")).length} of them can be projected`);
