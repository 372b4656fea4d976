import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  bottleneckPath,
  formatBottleneck,
  listBottlenecks,
  parseBottleneck,
  readBottleneck,
  readBottlenecks,
  writeBottleneck,
} from "./bottlenecks.js";

const REAL = join(process.env.SIGMAX_DATA ?? "../shared/data", "retrain-py/bottlenecks");
const folder = mkdtempSync(join(tmpdir(), "sigmax-bottlenecks-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("the text form", () => {
  it.each([
    ["1,2,x", 'number 3 is "x"'],
    ["", 'number 1 is ""'],
    ["1,,2", 'number 2 is ""'],
    ["1,nan", 'number 2 is "nan"'],
    ["1e60", 'number 1 is "1e60"'],
  ])("%j is refused", (text, reason) => {
    expect(parseBottleneck(text).reason).toBe(reason);
  });

  it("is read with white space and exponents, as Python's float does", () => {
    expect(Array.from(parseBottleneck(" 1 , -2.5e-1,3\n").vector ?? [])).toEqual([1, -0.25, 3]);
  });

  it("gives back the same float32 values, also the awkward ones", () => {
    const values = Float32Array.from([0, -0, 1 / 3, 1e-45, 3.4028235e38, 0.1, 16777217, -2.9550595, 1.17549435e-38]);
    expect(Array.from(parseBottleneck(formatBottleneck(values)).vector ?? [])).toEqual(Array.from(values, (value) => value + 0));
  });

  it("writes a module's address into the name as retrain.py does", () => {
    expect(bottleneckPath("b", "rose/1.jpg", "https://tfhub.dev/a:b\\c/1")).toBe(
      join("b", "rose", "1.jpg_https~tfhub.dev~a~b~c~1.txt"),
    );
  });
});

describe("one file", () => {
  const path = join(folder, "single", "a.jpg_m.txt");

  it("is written and read, and out of date once its image is newer", async () => {
    writeBottleneck(path, Float32Array.of(1, 2));
    const image = join(folder, "single", "a.jpg");
    writeFileSync(image, "pixels");
    const { mtimeMs } = statSync(path);
    utimesSync(image, mtimeMs / 1000 - 10, mtimeMs / 1000 - 10);
    expect(Array.from((await readBottleneck(path, image))?.vector ?? [])).toEqual([1, 2]);
    utimesSync(image, mtimeMs / 1000 + 10, mtimeMs / 1000 + 10);
    expect(await readBottleneck(path, image)).toBeUndefined();
  });

  it("that is absent is undefined, and one that is too large or a folder has a reason", async () => {
    expect(await readBottleneck(join(folder, "none.txt"))).toBeUndefined();
    expect((await readBottleneck(folder))?.reason).toContain("not a regular file");
    const large = join(folder, "large.txt");
    writeFileSync(large, Buffer.alloc(16 * 2 ** 20 + 1, "1"));
    expect((await readBottleneck(large))?.reason).toContain("more than the limit");
  });
});

describe("a folder", () => {
  it("is listed by image and module, underscores in both", async () => {
    const root = join(folder, "names");
    mkdirSync(join(root, "my_class", "deeper"), { recursive: true });
    const names = [
      "a_b.jpg_mobilenet_0.50_224.txt",
      "c.JPEG_mobilenet_0.50_224.txt",
      "d_mobilenet_0.50_224.txt",
      "deeper/e.jpg_m.txt",
    ];
    for (const name of names) writeFileSync(join(root, "my_class", name), "1");
    writeFileSync(join(root, "f.jpg_m.txt"), "1");
    expect(await listBottlenecks(root, {})).toEqual({
      moduleName: "mobilenet_0.50_224",
      images: ["my_class/a_b.jpg", "my_class/c.JPEG"],
    });
  });

  it("with the files of two modules is refused", async () => {
    const mixed = join(folder, "mixed");
    mkdirSync(join(mixed, "a"), { recursive: true });
    for (const name of ["1.jpg_m1.txt", "2.jpg_m1.txt", "2.jpg_m2.txt", "notes.txt"])
      writeFileSync(join(mixed, "a", name), "1,2");
    await expect(listBottlenecks(mixed, {})).rejects.toThrow("2 of m1, 1 of m2");
  });

  it("names every file that is not numbers or not as long as the others", async () => {
    const paths = ["1,2", "3,4", "5", "6,x"].map((text, i) => {
      const path = join(folder, `${i}.txt`);
      writeFileSync(path, text);
      return path;
    });
    await expect(readBottlenecks(paths, {})).rejects.toThrow(
      `2 of 4 bottleneck files cannot be used: ${paths[2]}: 1 numbers, the others have 2; ${paths[3]}: number 2 is "x"`,
    );
  });
});

const real = existsSync(REAL) ? it : it.skip;
if (!existsSync(REAL)) console.warn(`skipped: no bottlenecks of retrain.py in ${REAL}`);

real("every bottleneck that retrain.py wrote is listed, read, and written back to the same numbers", async () => {
  const found = await listBottlenecks(REAL, {});
  const files = readdirSync(REAL, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".txt"));
  expect(found?.images.length).toBe(files.length);
  const paths = (found?.images ?? []).map((name) => bottleneckPath(REAL, name, found?.moduleName ?? ""));
  const { embeddings, size } = await readBottlenecks(paths, {});
  expect(embeddings.length).toBe(files.length * size);
  const again = parseBottleneck(formatBottleneck(embeddings.subarray(0, size))).vector;
  expect(again).toEqual(embeddings.subarray(0, size));
  const asPython = readFileSync(paths[0], "utf8")
    .split(",")
    .map((text) => Math.fround(Number(text)));
  expect(Array.from(embeddings.subarray(0, size))).toEqual(asPython);
});
