import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { UserError } from "../errors.js";
import { probeModel } from "./probe.js";

const BAD = join(process.env.SIGMAX_GOLDEN ?? "../shared/golden", "bad");

interface Case {
  readonly file: string;
  readonly category: string;
  readonly expect: "reject" | "accept" | "either";
  readonly why: string;
  readonly limits?: { readonly maxSeconds?: number; readonly maxExtraRssMB?: number };
}

function hostileModels(): readonly Case[] {
  const manifest = join(BAD, "manifest.json");
  if (!existsSync(manifest)) {
    console.warn(`${manifest} is absent: hostile models are not tested`);
    return [];
  }
  const { files } = JSON.parse(readFileSync(manifest, "utf8"));
  return files.filter(({ category, file }: Case) => category === "onnx" && existsSync(join(BAD, file)));
}

describe("hostile models", () => {
  const cases = hostileModels();
  it.skipIf(cases.length > 0)("are absent", () => {});

  it.each(cases)("$file: $why ($expect)", async ({ file, expect: expected, limits }) => {
    const started = performance.now();
    const memoryBefore = process.memoryUsage().rss;
    const outcome = await probeModel(join(BAD, file)).catch((error: unknown) => error);
    const seconds = (performance.now() - started) / 1000;
    expect(seconds).toBeLessThan(limits?.maxSeconds ?? 5);
    expect((process.memoryUsage().rss - memoryBefore) / 2 ** 20).toBeLessThan(limits?.maxExtraRssMB ?? 256);
    if (outcome instanceof Error) {
      expect(outcome).toBeInstanceOf(UserError);
      expect(outcome.message).toContain(file);
      expect(expected).not.toBe("accept");
    } else {
      expect(expected).not.toBe("reject");
    }
  });
});
