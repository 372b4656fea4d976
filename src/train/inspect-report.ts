import type { Finding, Unreadable } from "../data/checks.js";
import type { Inspection } from "../data/inspect.js";
import { thumbnail } from "../raster/encode.js";
import type { BandHistogram, InspectionReport, PicturePairs } from "../report/inspect-data.js";
import { VERSION } from "../version.js";
import type { BandValues } from "./band-values.js";
import type { Examination, ShownImage } from "./doctor.js";

const PICTURE_PX = 256;

/** Everything that was found about a dataset, as the page wants it; pictures become JPEG. */
export async function inspectionReport({
  name,
  found,
  examined,
  findings,
  unreadable,
  sizes,
}: {
  readonly name: string;
  readonly found: Inspection;
  readonly examined: Examination;
  readonly findings: readonly Finding[];
  readonly unreadable: readonly Unreadable[];
  readonly sizes: string;
}): Promise<InspectionReport> {
  const { preprocessing, lookedAt, values } = examined;
  const { source, task, samples, labelled, classes, together } = found;
  return {
    ...{ name, source, task, samples, labelled, classes, together, sizes, lookedAt, unreadable },
    before: values.map(bandHistogram),
    ...(preprocessing && {
      after: {
        backbone: preprocessing.backbone,
        steps: preprocessing.steps,
        expected: preprocessing.expected,
        values: preprocessing.values.map((row) => ({ ...bandHistogram(row), zero: 0, saturated: 0 })),
      },
    }),
    pictures: await Promise.all(examined.pictures.map(picturePair)),
    findings: findings.map(({ kind, message, files = [] }) => ({ kind, message, files: files.map((set) => set.join(" = ")) })),
    version: VERSION,
  };
}

function bandHistogram({ zeros, saturated, count, ...values }: BandValues): BandHistogram {
  return { ...values, zero: zeros / Math.max(1, count), saturated: saturated / Math.max(1, count) };
}

async function picturePair({ facts, labels, before, after }: ShownImage): Promise<PicturePairs> {
  const { file, widthPx, heightPx, dtype, format } = facts;
  return {
    file,
    labels,
    kind: `${widthPx}×${heightPx} ${dtype} ${format}`,
    before: await thumbnail(before, PICTURE_PX),
    ...(after && { after: await thumbnail(after, PICTURE_PX) }),
  };
}
