import { describe, expect, it } from "vitest";
import { memoryBytes } from "../bytes/bytes.js";
import { describeBands, paletteOf } from "./bands.js";
import { checkImage } from "./check.js";
import { readDirectories } from "./directory.js";
import { parseGdalMetadata } from "./gdal-metadata.js";
import { plainTags, type TiffPage, tiffBytes } from "./tiff-file.cases.js";

async function imageOf(samples: number, tags: TiffPage["tags"]) {
  const page = { tags: { ...plainTags(1, 1, samples), ...tags }, blocks: [new Uint8Array(samples)] };
  const [directory] = await readDirectories(memoryBytes(tiffBytes([page]), "scene.tif"));
  return checkImage(directory, { maxBlockBytes: 1000 });
}

async function bandsOf(samples: number, tags: TiffPage["tags"], xml = "", names?: readonly string[]) {
  const bands = describeBands(await imageOf(samples, tags), parseGdalMetadata(xml), names);
  return bands.map(({ name, colour }) => `${name}/${colour}`);
}

describe("bands", () => {
  it.each<[samples: number, tags: TiffPage["tags"], expected: readonly string[]]>([
    [1, {}, ["grey/grey"]],
    [2, {}, ["band1/grey", "band2/undefined"]],
    [2, { extraSamples: [2] }, ["grey/grey", "alpha/alpha"]],
    [3, { photometric: [2] }, ["red/red", "green/green", "blue/blue"]],
    [4, { photometric: [2], extraSamples: [0] }, ["red/red", "green/green", "blue/blue", "band4/undefined"]],
    [4, { photometric: [2], extraSamples: [1] }, ["red/red", "green/green", "blue/blue", "alpha/alpha"]],
    [1, { photometric: [3] }, ["band1/palette"]],
  ])("%i with %o", async (samples, tags, expected) => {
    expect(await bandsOf(samples, tags)).toEqual(expected);
  });

  it("are what GDAL's metadata says, over what ExtraSamples say", async () => {
    const xml = '<Item sample="1" role="colorinterp">Undefined</Item><Item sample="0" role="description">nir</Item>';
    expect(await bandsOf(2, { extraSamples: [2] }, xml)).toEqual(["nir/grey", "band2/undefined"]);
  });

  it("that share a description are told apart", async () => {
    const xml = '<Item sample="0" role="description">x</Item><Item sample="1" role="description">x</Item>';
    expect(await bandsOf(2, {}, xml)).toEqual(["x/grey", "band2/undefined"]);
  });

  it("are told apart where one is described by the number of another", async () => {
    const second = '<Item sample="0" role="description">band2</Item>';
    expect(await bandsOf(2, {}, second)).toEqual(["band2/grey", "band2_2/undefined"]);
    const third = `${second}<Item sample="1" role="description">band2_2</Item><Item sample="2" role="description">band2</Item>`;
    expect(await bandsOf(3, {}, third)).toEqual(["band2/grey", "band2_2/undefined", "band3/undefined"]);
  });

  it("take the names that are given, for all or for all but alpha", async () => {
    expect(await bandsOf(2, { extraSamples: [2] }, "", ["nir"])).toEqual(["nir/grey", "alpha/alpha"]);
    expect(await bandsOf(2, { extraSamples: [2] }, "", ["nir", "red"])).toEqual(["nir/grey", "red/undefined"]);
    expect(await bandsOf(2, { extraSamples: [2] }, "", ["nir", "alpha"])).toEqual(["nir/grey", "alpha/alpha"]);
    await expect(bandsOf(2, {}, "", ["nir"])).rejects.toMatchObject({ code: "usage" });
    await expect(bandsOf(2, {}, "", ["nir", "nir"])).rejects.toMatchObject({ code: "usage" });
  });

  it("go by common names, unless another has that name", async () => {
    const said = (...names: string[]) =>
      names.map((name, band) => `<Item sample="${band}" role="description">${name}</Item>`).join("");
    expect(await bandsOf(2, {}, said("swir1", "swir2"))).toEqual(["swir16/grey", "swir22/undefined"]);
    expect(await bandsOf(2, {}, said("swir16", "swir1"))).toEqual(["swir16/grey", "swir1/undefined"]);
    expect(await bandsOf(2, {}, "", ["swir2", "swir1"])).toEqual(["swir22/grey", "swir16/undefined"]);
    await expect(bandsOf(2, {}, "", ["swir1", "swir16"])).rejects.toMatchObject({ code: "usage" });
  });

  it("of a palette have its colours, not as values but beside them", async () => {
    const image = await imageOf(1, { photometric: [3], bitsPerSample: [1], colorMap: [0, 65535, 257, 0, 0, 514] });
    expect(paletteOf(image)).toEqual([
      [0, 1, 0, 255],
      [255, 0, 2, 255],
    ]);
  });
});
