import { describe, expect, it } from "vitest";
import { messageOf } from "../../errors.js";
import { datesOf } from "./dates.js";

type Dated = Parameters<typeof datesOf>[0][number];

/** As far as dates go. */
function scenes(...dates: readonly (string | undefined)[]): readonly Dated[] {
  // Of what a raster says, its name alone is looked at.
  return dates.map((date, place) => ({ info: { file: `${"abcdef"[place]}.tif` } as Dated["info"], date }));
}

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
});
