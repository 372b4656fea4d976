import { mapInOrder } from "../concurrency.js";
import { YES } from "../data/dataset.js";
import { squareTile } from "../raster/encode.js";
import { createSprite, type Projection, type Sprite } from "../report/tensorboard/projector.js";
import type { Findings } from "./run.js";
import { meanOverViews } from "./score.js";
import { spreadIndices } from "./spread.js";
import { DECODED_AT_ONCE, drawnOf } from "./thumbnails.js";

const SHOWN_IMAGES = 2000;
/** Numbers that the projector is given: nine megabytes of text at the very most. */
const SHOWN_NUMBERS = 800_000;
const TILE_PX = 40;

/** Test images evenly spread over the part, and their embeddings. */
export interface TestSample {
  /** Positions within the scored rows. */
  readonly places: readonly number[];
  /** `[n, D]`, as the head sees them. */
  readonly embeddings: Float32Array;
}

/** As many test images as TensorBoard shows the embeddings of: up to 2,000, or 800,000 numbers. */
export function testSample({ embedded, scored }: Findings): TestSample {
  const { embeddings, views, backbone } = embedded;
  const size = backbone.embeddingSize;
  const most = Math.min(SHOWN_IMAGES, Math.max(1, Math.floor(SHOWN_NUMBERS / size)));
  const places = spreadIndices(scored.rows.length, most);
  return {
    places,
    embeddings: meanOverViews(
      embeddings,
      views,
      size,
      places.map((place) => scored.rows[place]),
    ),
  };
}

/** Test images for the embedding projector, with what they are, what was said of them, and how they look; undefined without any. */
export async function testProjection(findings: Findings): Promise<Projection | undefined> {
  const { data, embedded, scored } = findings;
  const { classes } = data.dataset;
  const size = embedded.backbone.embeddingSize;
  const { places, embeddings } = testSample(findings);
  if (places.length === 0) return undefined;
  const rows = places.map((place) => {
    const { sample, part } = embedded.placed[scored.rows[place]];
    const said = scored.decisions.subarray(place * classes.length, (place + 1) * classes.length);
    const wrong = said.some((decision, k) => sample.labels[k] >= 0 && decision !== sample.labels[k]);
    const truth = classes.filter((_, k) => sample.labels[k] === YES);
    const predicted = classes.filter((_, k) => said[k] === 1);
    return [sample.file, truth.join("|"), predicted.join("|"), wrong ? "wrong" : "right", part];
  });
  return {
    name: "embedding",
    embeddings,
    size,
    columns: ["file", "label", "predicted", "verdict", "part"],
    rows,
    sprite: await spriteOf(findings, places),
  };
}

/** The images side by side; undefined where none can be shown. */
async function spriteOf({ options, embedded, scored }: Findings, places: readonly number[]): Promise<Sprite | undefined> {
  const sprite = createSprite(places.length, TILE_PX);
  const tileOf = (place: number) => drawnOf(embedded.placed[scored.rows[place]].sample, (raster) => squareTile(raster, TILE_PX));
  let done = 0;
  let drawn = 0;
  for await (const tile of mapInOrder(places, DECODED_AT_ONCE, tileOf, options.signal)) {
    if (tile !== undefined) {
      sprite.put(done, tile);
      drawn++;
    }
    done++;
    options.onProgress?.({ stage: "projector", done, total: places.length, unit: "images" });
  }
  return drawn === 0 ? undefined : sprite;
}
