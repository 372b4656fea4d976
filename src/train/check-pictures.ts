import { mapInOrder } from "../concurrency.js";
import type { Sample } from "../data/dataset.js";
import type { WorkOptions } from "../progress.js";
import { ISSUE_KINDS, type ShownIssue } from "../report/label-issue.js";
import type { LabelIssue } from "./label-check.js";
import { DECODED_AT_ONCE, thumbnailOf } from "./thumbnails.js";

/** Pictures of one page. */
const MOST_PICTURES = 200;

/**
 * The worst issues of every kind with their pictures, at most 200 pictures in all: kinds take turns, so that none crowds out another.
 */
export async function pickPictures(
  issues: readonly LabelIssue[],
  samples: readonly Pick<Sample, "file" | "path">[],
  { signal, onProgress }: WorkOptions,
): Promise<ShownIssue[]> {
  const chosen = takeTurns(issues);
  const pathOf = new Map(samples.map((sample) => [sample.file, sample]));
  const picture = async (file: string | undefined) => {
    const sample = file === undefined ? undefined : pathOf.get(file);
    return sample === undefined ? undefined : (await thumbnailOf(sample)).thumbnail;
  };
  const shown: ShownIssue[] = [];
  const show = async (issue: LabelIssue): Promise<ShownIssue> => {
    const [thumbnail, thumbnailOfOther] = [await picture(issue.file), await picture(issue.of)];
    return { ...issue, ...(thumbnail && { thumbnail }), ...(thumbnailOfOther && { thumbnailOfOther }) };
  };
  for await (const issue of mapInOrder(chosen, DECODED_AT_ONCE, show, signal)) {
    shown.push(issue);
    onProgress?.({ stage: "pictures", done: shown.length, total: chosen.length, unit: "images" });
  }
  return shown;
}

function takeTurns(issues: readonly LabelIssue[]): LabelIssue[] {
  const queues = ISSUE_KINDS.map((kind) => issues.filter((issue) => issue.kind === kind));
  const chosen: LabelIssue[] = [];
  let pictures = 0;
  for (let turn = 0; queues.some((queue) => turn < queue.length); turn++) {
    for (const queue of queues) {
      if (turn >= queue.length) continue;
      pictures += queue[turn].of === undefined ? 1 : 2;
      if (pictures > MOST_PICTURES) return chosen;
      chosen.push(queue[turn]);
    }
  }
  return chosen;
}
