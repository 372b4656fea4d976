import { describe, expect, it } from "vitest";
import { messageOf } from "../../errors.js";
import { datesOf } from "./dates.js";

type Dated = Parameters<typeof datesOf>[0][number];

/** As far as dates go. */
function scenes(...dates: readonly (string | undefined)[]): readonly Dated[] {
  // Of what a raster says, its name and its metadata alone are looked at.
  return dates.map((date, place) => ({
    info: { file: `${"abcdef"[place]}.tif`, metadata: {} } as unknown as Dated["info"],
    date,
  }));
}

const tagged = (...tags: readonly Readonly<Record<string, string>>[]) =>
  scenes(...tags.map(() => undefined)).map((scene, i) => ({ ...scene, info: { ...scene.info, metadata: tags[i] } }));
const told = (some: readonly Dated[], given?: readonly string[]) => {
  const warnings: string[] = [];
  datesOf(some, given, { onWarning: (message) => warnings.push(message) });
  return warnings.join();
};

const refusal = (...args: Parameters<typeof datesOf>) => {
  try {
    return `not refused: ${JSON.stringify(datesOf(...args))}`;
  } catch (error) {
    return messageOf(error);
  }
};
const UNKNOWN = scenes(undefined, undefined);

describe("the dates of scenes", () => {
  it("are those given; a bare year counts as its middle", () => {
    expect(datesOf(UNKNOWN, ["1985", "2000-02-29"])).toEqual([
      { label: "1985", day: "1985-07-01" },
      { label: "2000-02-29", day: "2000-02-29" },
    ]);
  });

  it("are what the products say, or have no day", () => {
    expect(datesOf(scenes("2015-08-08", "2020-08-01"))).toEqual([
      { label: "2015-08-08", day: "2015-08-08" },
      { label: "2020-08-01", day: "2020-08-01" },
    ]);
    expect(datesOf(UNKNOWN).map(({ label }) => label)).toEqual(["before", "after"]);
    expect(datesOf(scenes(undefined, "2020-08-01", undefined))).toEqual([
      { label: "date 1", day: null },
      { label: "2020-08-01", day: "2020-08-01" },
      { label: "date 3", day: null },
    ]);
  });

  it.each(["2000-13-40", "2001-02-29", "2000-1-1", "85", "1799", "2201", "soon", "", "2000-08-01T10:00"])(
    "refuses %j",
    (text) => {
      expect(refusal(UNKNOWN, ["1985", text])).toContain(`--dates: "${text}" is no`);
    },
  );

  it("refuses another number of them than of scenes", () => {
    expect(refusal(UNKNOWN, ["1985", "2000", "2010"])).toBe("--dates 1985,2000,2010: 3 dates for 2 scenes");
  });

  it("refuses those that do not ascend, and names the two", () => {
    const three = scenes(undefined, undefined, undefined);
    expect(refusal(three, ["1985", "2010", "2000"])).toBe("b.tif (2010) and c.tif (2000): the second is earlier than the first");
    expect(refusal(scenes("2020-08-01", undefined, "2015-08-01"))).toContain("a.tif (2020-08-01) and c.tif (2015-08-01)");
    expect(refusal(UNKNOWN, ["2000-08-01", "2000-08-01"])).toContain("are of one day");
    // A year says nothing of before or after a day in it.
    expect(refusal(UNKNOWN, ["2000", "2000-08-01"])).toContain("are of one year");
  });

  it("refuses those that contradict a product by more than a season", () => {
    expect(refusal(scenes("2020-08-01", "2015-08-01"), ["2015", "2020"])).toBe(
      "a.tif: was taken on 2020-08-01, as it says; --dates says 2015",
    );
    expect(datesOf(scenes("2015-02-01", "2020-08-01"), ["2015", "2020"])[0]).toEqual({ label: "2015", day: "2015-07-01" });
  });

  it("are not taken from tags, which warn where they run backwards", () => {
    const written = tagged({ TIFFTAG_DATETIME: "2021:03:02 10:00:00" }, { TIFFTAG_DATETIME: "2016:03:02 10:00:00" });
    expect(datesOf(written).map(({ label }) => label)).toEqual(["before", "after"]);
    expect(told(written)).toContain("a.tif (TIFFTAG_DATETIME 2021-03-02) stands before b.tif (TIFFTAG_DATETIME 2016-03-02)");
    expect(told(written, ["2016", "2021"])).toBe("");
    expect(told([...written].reverse())).toBe("");
    expect(told(tagged({ ACQUISITION_DATE: "2021-03-02" }, { DATE_ACQUIRED: "20160302" }))).toContain("run backwards");
    expect(told(tagged({ DATE_ACQUIRED: "2016-03-02T01:00" }, {}, { DATE_ACQUIRED: "2015-03-02" }))).toContain("c.tif");
  });

  it("of tags are compared with their like alone", () => {
    // Of 2016, written out in 2024.
    expect(told(tagged({ TIFFTAG_DATETIME: "2024:01:01 00:00:00" }, { ACQUISITION_DATE: "2021-03-02" }))).toBe("");
    expect(told(tagged({ DATE_ACQUIRED: "2021-13-02" }, { DATE_ACQUIRED: "unknown" }))).toBe("");
    expect(told(tagged({ TIFFTAG_DATETIME: "2021:03:02 10:00:00" }, { TIFFTAG_DATETIME: "2021:03:02 09:00:00" }))).toBe("");
  });
});
