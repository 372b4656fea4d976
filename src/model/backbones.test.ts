import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { BACKBONES, openBackbone } from "./backbones.js";

const context = {
  seed: 1,
  async *trainingImages() {
    yield { bands: ["grey"], widthPx: 2, heightPx: 2, dtype: "uint8", data: Uint8Array.of(1, 2, 3, 4) } as const;
  },
};

describe.each(Object.keys(BACKBONES))("the backbone %s", (id) => {
  it("is known by its name and by the hash of its model", async () => {
    const backbone = await openBackbone(id, context);
    expect(backbone.id).toBe(id);
    expect(backbone.sha256).toBe(createHash("sha256").update(backbone.model).digest("hex"));
    expect(backbone.preprocess.bands).toEqual(["grey"]);
  });
});

it("names the nearest backbone for a mistyped one", async () => {
  await expect(openBackbone("rfc", context)).rejects.toMatchObject({ code: "usage" });
  await expect(openBackbone("stat", context)).rejects.toThrow('did you mean "stats"?');
});

it("takes everything else for an ONNX file", async () => {
  await expect(openBackbone("./no-such.onnx", context)).rejects.toMatchObject({ code: "not-found" });
});

it("refuses an interpolation it does not know", async () => {
  await expect(openBackbone("./no-such.onnx", context, { resample: "cubic" })).rejects.toMatchObject({ code: "usage" });
});
