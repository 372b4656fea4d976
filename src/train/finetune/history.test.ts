import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { createRandom } from "../../random.js";
import { readCheckpoint, writeCheckpoint } from "./checkpoint.js";
import { BEGINNING, judgedLoss, keptStanding, readStanding, type Standing } from "./history.js";

const folder = mkdtempSync(join(tmpdir(), "sigmax-history-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** What a checkpoint on disk gives back of a standing. */
async function throughDisk(standing: Standing): Promise<Standing> {
  await writeCheckpoint(folder, { ...keptStanding(standing), fingerprint: "f" });
  const found = readCheckpoint(folder, { fingerprint: "f" });
  if (found === undefined) throw new Error("there is no checkpoint");
  return readStanding(found);
}

/** The history as a checkpoint keeps it. */
function bytesOf(standing: Standing): Buffer {
  const tensors = [...keptStanding(standing).tensors.values()];
  return Buffer.concat(tensors.map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength)));
}

it("comes back to the last bit, what is not known as well", async () => {
  const standing: Standing = {
    epoch: 4,
    update: 2,
    history: {
      updates: [
        { loss: 0.1 + 0.2, lr: 1e-300, lrBackbone: -0, gradientNorm: 2 ** 53 - 1 },
        { loss: 1 / 3, lr: 0, lrBackbone: Number.MIN_VALUE, gradientNorm: Number.MAX_VALUE },
      ],
      epochs: [
        { loss: 1 / 7, validation: undefined },
        { loss: 1 / 7, validation: { loss: 1 / 9, metric: undefined } },
        { loss: 0, validation: { loss: 0, metric: 0 } },
      ],
      best: 2,
    },
  };
  expect(await throughDisk(standing)).toEqual(standing);
  expect(await throughDisk(BEGINNING)).toEqual(BEGINNING);
});

it("of 300,000 updates and 100,000 epochs fits into a checkpoint", async () => {
  const random = createRandom(1);
  const draw = () => random.next();
  const standing: Standing = {
    epoch: 100_000,
    update: 0,
    history: {
      updates: Array.from({ length: 300_000 }, () => ({ loss: draw(), lr: draw(), lrBackbone: draw(), gradientNorm: draw() })),
      epochs: Array.from({ length: 100_000 }, () => ({ loss: draw(), validation: { loss: draw(), metric: draw() } })),
      best: 77,
    },
  };
  const found = await throughDisk(standing);
  // Their bytes, since a deep comparison of as many objects takes long.
  expect(bytesOf(found).equals(bytesOf(standing))).toBe(true);
  expect(found.history.epochs.at(-1)).toEqual(standing.history.epochs.at(-1));
  expect(found.history.epochs).toHaveLength(100_000);
  expect(found.history.best).toBe(77);
});

it("one low loss between high ones does not make the best epoch", () => {
  const epochs = [1, 0.9, 0.5, 0.9, 0.6, 0.62].map((loss) => ({ loss: 1, validation: { loss, metric: undefined } }));
  const judged = epochs.map((_, epoch) => judgedLoss(epochs, epoch)!);
  expect(judged.indexOf(Math.min(...judged))).toBe(5);
  expect(judged[0]).toBe(1);
  expect(judgedLoss([{ loss: 1, validation: undefined }], 0)).toBeUndefined();
  expect(judgedLoss(epochs, -1)).toBeUndefined();
});
