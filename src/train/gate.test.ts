import { describe, expect, it } from "vitest";
import { checkAssertions, parseAssertion } from "./gate.js";

describe("an assertion", () => {
  it("is a metric, a relation and a number, with or without spaces", () => {
    expect(parseAssertion("accuracy>=0.9")).toEqual({ metric: "accuracy", relation: ">=", bound: 0.9 });
    expect(parseAssertion(" hammingLoss < 1e-1 ")).toEqual({ metric: "hammingLoss", relation: "<", bound: 0.1 });
  });

  it.each(["accuracy", "accuracy>=", "accuracy=0.9", "accuracy>=much", "accuracy>=NaN", "accuracy>=Infinity", ">=0.9", ""])(
    "%j is refused as no assertion",
    (text) => {
      expect(() => parseAssertion(text)).toThrow("is no assertion");
    },
  );

  it("names the nearest metric when there is none of that name", () => {
    expect(() => parseAssertion("acuracy>=0.9")).toThrow('did you mean "accuracy"?');
    expect(() => parseAssertion("__proto__>=0.9")).toThrow('no metric "__proto__"');
  });
});

describe("the gate", () => {
  const check = (text: string, value: number, images = 50) =>
    checkAssertions([parseAssertion(`accuracy>=0`), parseAssertion(text)], { accuracy: value, f1Macro: 0.5 }, images);

  it.each([
    ["accuracy>=0.9", 0.9, true],
    ["accuracy>0.9", 0.9, false],
    ["accuracy<=0.9", 0.9, true],
    ["accuracy<0.9", 0.9, false],
    ["accuracy>=0.9", 0.89, false],
  ] as const)("%s with %d is met: %s", (text, value, met) => {
    if (met) expect(() => check(text, value)).not.toThrow();
    else expect(() => check(text, value)).toThrow(`accuracy is ${value.toFixed(4)}`);
  });

  it("names every broken bound", () => {
    expect(() =>
      checkAssertions(["accuracy>=0.9", "f1Macro>0.6"].map(parseAssertion), { accuracy: 0.8, f1Macro: 0.5 }, 9),
    ).toThrow("accuracy is 0.8000, not >= 0.9; f1Macro is 0.5000, not > 0.6 (on 9 test images)");
  });

  it("says where a training is kept that need not be repeated for a lower bound", () => {
    try {
      checkAssertions([parseAssertion("accuracy>=0.9")], { accuracy: 0.5 }, 9, "runs/.name.checkpoint");
      expect.fail("it was passed");
    } catch (error) {
      expect(error).toMatchObject({ code: "not-met", hint: expect.stringContaining("kept in runs/.name.checkpoint") });
    }
  });

  it("cannot be passed without a test image, nor with a metric of another task", () => {
    expect(() => check("accuracy>=0", 1, 0)).toThrow("there is no test image");
    expect(() => check("mapMacro>=0.5", 1)).toThrow('this test has no metric "mapMacro"');
  });
});
