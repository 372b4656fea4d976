import { describe, expect, it } from "vitest";
import { expectClose, readGolden } from "../../test/golden.js";
import { type Estimate, estimateAreas, type SampleGroup } from "./area-estimate.js";
import { surveyRandomly } from "./area-survey.cases.js";
import { accuracy, kappa, kappaDeltaVariance } from "./metrics/multiclass.js";
import { sampleSize } from "./sample-sizes.js";

const TOLERANCE = { relative: 1e-9, absolute: 1e-13 };
const golden = readGolden("area.json");

/** Samples whose strata are the classes of the map. */
function ofMatrix(counts: readonly (readonly number[])[], areas: readonly number[], names?: readonly string[]) {
  const strata = areas.map((area, h) => ({ name: names?.[h] ?? `c${h}`, area, mapped: [h] }));
  const samples = counts.flatMap((row, stratum) =>
    row.map((count, found): SampleGroup => ({ stratum, mapped: stratum, found, count })),
  );
  return estimateAreas({ strata, classes: areas.length, samples });
}

const values = (estimates: readonly Estimate[]) => estimates.map(({ value }) => value ?? Number.NaN);
const errors = (estimates: readonly Estimate[]) => estimates.map(({ standardError }) => standardError ?? Number.NaN);

/** As the file has it: each kind has some of these. */
interface GoldenCase {
  readonly id: string;
  readonly kind: string;
  readonly counts: readonly (readonly number[])[];
  readonly mappedArea: readonly number[];
  readonly classes: readonly string[];
  readonly z: number;
  readonly W: readonly number[];
  readonly expectedUsers: readonly number[];
  readonly targetSE: number;
  readonly expected: Readonly<Record<string, number | readonly number[] | readonly (readonly number[])[]>>;
}

/** What a golden case of each kind says, by key. */
const KINDS: Readonly<Record<string, (given: GoldenCase) => Readonly<Record<string, ArrayLike<number> | number | undefined>>>> = {
  olofsson({ counts, mappedArea, classes, z }) {
    const found = ofMatrix(counts, mappedArea, classes);
    const k = classes.length;
    const shares = errors(found.shares);
    return {
      W: found.weights,
      p: found.proportions,
      overall: found.overall.value,
      overallSE: found.overall.standardError,
      users: values(found.users),
      usersSE: errors(found.users),
      producers: values(found.producers),
      producersSE: errors(found.producers),
      "producersSE.ratioRoute": errors(found.producers),
      areaProportion: values(found.shares),
      areaProportionSE: shares,
      area: values(found.shares).map((share) => share * found.area),
      areaSE: shares.map((error) => error * found.area),
      areaCI95: shares.map((error) => error * found.area * z),
      kappaOfCounts: kappa(counts.flat(), k),
      accuracyOfCounts: accuracy(counts.flat(), k),
    };
  },
  kappa({ counts }) {
    const [k, flat] = [counts.length, counts.flat()];
    const equal = ofMatrix(
      counts,
      counts.map((row) => row.reduce((sum, count) => sum + count, 0)),
    );
    const variance = kappaDeltaVariance(flat, k);
    return {
      overall: accuracy(flat, k),
      users: values(equal.users),
      producers: values(equal.producers),
      kappa: kappa(flat, k),
      kappaDeltaVariance: variance,
      kappaZ: kappa(flat, k)! / Math.sqrt(variance!),
    };
  },
  sampleSize({ W, expectedUsers, targetSE }) {
    const size = sampleSize({ weights: W, users: expectedUsers, standardError: targetSE });
    return { S: size.deviations, n: size.exact, nRoundedUp: size.total, proportional: size.proportional };
  },
};

describe.skipIf(golden === undefined)("reference values", () => {
  const cases: readonly GoldenCase[] = golden?.cases ?? [];
  const usual = cases.filter(({ expected }) => !Object.keys(expected).some((key) => key.startsWith("error")));

  it.each(usual)("$id, every key", (given) => {
    const ours = KINDS[given.kind](given);
    for (const [key, expected] of Object.entries(given.expected)) {
      const actual = ours[key];
      if (actual === undefined) throw new Error(`${key} is missing`);
      expectClose(typeof actual === "number" ? [actual] : actual, [expected].flat(2), TOLERANCE);
    }
  });
});

describe("an estimate", () => {
  it("says nothing of how sure it is where a stratum has one sample, and which", () => {
    const { overall, shares, users } = ofMatrix(
      [
        [1, 0],
        [3, 40],
      ],
      [10, 90],
    );
    expect(shares[0].value).toBeCloseTo(0.1 + 0.9 * (3 / 43), 12);
    for (const { standardError, why } of [overall, ...shares]) {
      expect(standardError).toBeUndefined();
      expect(why).toContain('"c0"');
    }
    // Of what the map calls c1, all lies in the other stratum.
    expect(users[1].standardError).toBeGreaterThan(0);
    expect(users[0].standardError).toBeUndefined();
  });

  it("names the stratum that has an area and no sample", () => {
    expect(() =>
      ofMatrix(
        [
          [0, 0],
          [3, 40],
        ],
        [10, 90],
        ["forest", "city"],
      ),
    ).toThrow('"forest"');
    expect(() =>
      ofMatrix(
        [
          [1, 0],
          [3, 40],
        ],
        [0, 0],
      ),
    ).toThrow("no stratum has an area");
    expect(() =>
      ofMatrix(
        [
          [1, 0],
          [3, 40],
        ],
        [-1, 5],
      ),
    ).toThrow("cannot have an area of -1");
  });

  it("tells of samples in a stratum without area, which change nothing", () => {
    const found = ofMatrix(
      [
        [5, 1],
        [3, 40],
      ],
      [0, 90],
    );
    expect(found.notes.join()).toContain('"c0"');
    expect(found.shares[0].value).toBeCloseTo(3 / 43, 12);
    expect(found.overall.standardError).toBeCloseTo(Math.sqrt(((3 / 43) * 40) / 43 / 42), 12);
  });

  it("has no producer's accuracy of a class that nobody found, and no user's of one that the map does not have", () => {
    const absent = ofMatrix(
      [
        [10, 0],
        [4, 0],
      ],
      [10, 90],
    );
    expect(absent.producers[1]).toMatchObject({ value: undefined, why: "no sample is of it" });
    expect(absent.shares[1]).toMatchObject({ value: 0 });
    const strata = [
      { name: "a", area: 1 },
      { name: "b", area: 2 },
    ];
    const samples = [
      { stratum: 0, mapped: 0, found: 2, count: 3 },
      { stratum: 0, mapped: 0, found: 0, count: 7 },
      { stratum: 1, mapped: 1, found: 1, count: 9 },
      { stratum: 1, mapped: 1, found: 2, count: 1 },
    ];
    const found = estimateAreas({ strata, classes: 3, samples });
    expect(found.users[2].value).toBeUndefined();
    expect(found.producers[2].value).toBe(0);
    expect(found.shares[2].value).toBeCloseTo((1 / 3) * 0.3 + (2 / 3) * 0.1, 12);
  });

  it("of areas needs no map, and of its accuracy does", () => {
    const strata = [{ name: "a", area: 1 }];
    const samples = [
      { stratum: 0, mapped: -1, found: 1, count: 6 },
      { stratum: 0, mapped: 0, found: 0, count: 4 },
    ];
    const { shares, overall, users, proportions } = estimateAreas({ strata, classes: 2, samples });
    expect(shares[1].value).toBeCloseTo(0.6, 12);
    expect(shares[1].standardError).toBeCloseTo(Math.sqrt(0.24 / 9), 12);
    expect([overall.value, users[0].value, proportions]).toEqual([undefined, undefined, undefined]);
  });

  it("where strata are not classes is that of Stehman's example", () => {
    // Stehman 2014, table 2: class of the map and class found, by stratum.
    const rows = [
      "AA AA AA AA AA AC AB BA BB BC".split(" "),
      "AA BB BB BB BB BB BA BA BB BB".split(" "),
      "BC BC CC CC CC CD CD CB BB BA".split(" "),
      "DD DD DD DD DD DD DD DC DC DB".split(" "),
    ];
    const index = (letter: string) => "ABCD".indexOf(letter);
    const samples = rows.flatMap((row, stratum) =>
      row.map(([mapped, found]): SampleGroup => ({ stratum, mapped: index(mapped), found: index(found), count: 1 })),
    );
    const strata = [40_000, 30_000, 20_000, 10_000].map((area, h) => ({ name: `${h + 1}`, area }));
    const { overall, shares, users, producers, proportions } = estimateAreas({ strata, classes: 4, samples });
    // As the paper prints them, p. 4932 to 4936.
    const printed: readonly (readonly [Estimate, number, number])[] = [
      [overall, 0.63, 0.085],
      [shares[0], 0.35, 0.082],
      [shares[2], 0.2, 0.064],
      [users[1], 0.574, 0.125],
    ];
    for (const [{ value, standardError }, wanted, error] of printed) {
      expect(value).toBeCloseTo(wanted, 3);
      expect(standardError).toBeCloseTo(error, 3);
    }
    expect(producers[1].value).toBeCloseTo(0.794, 3);
    expect(proportions?.[1 * 4 + 2]).toBeCloseTo(0.08, 12);
  });
});

describe("intervals of 500 samples drawn anew", () => {
  const { coverage, naive, classes } = surveyRandomly({ designs: 500, seed: 1 });

  it("hold the true area in 93 to 97 % of them, where a class has 30 samples or more", () => {
    for (const { name, expected, share } of classes) {
      if (expected >= 30) expect(share, name).toSatisfy((value: number) => value >= 0.93 && value <= 0.97);
    }
    expect(coverage).toBeGreaterThan(0.93);
  });

  it("would not as estimate ± 1.96 standard errors, where samples are fewer and large strata show little of a class", () => {
    const fewer = surveyRandomly({ designs: 300, seed: 1, standardError: 0.03 });
    for (const { share, normal } of fewer.classes.slice(0, 2)) {
      expect(share).toBeGreaterThan(0.93);
      expect(normal).toBeLessThan(0.88);
    }
  });

  it("of raw counts do not", () => {
    expect(naive).toBeLessThan(0.05);
  });
});
