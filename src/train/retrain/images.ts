import { type Dataset, NO, type Sample, YES } from "../../data/dataset.js";
import { listFolder } from "../../data/listing.js";
import { openDataset } from "../../data/open.js";
import { retrainHashPart } from "../../data/split/hash.js";
import { compareCodePoints } from "../../data/text.js";
import { UserError } from "../../errors.js";
import type { WorkOptions } from "../../progress.js";
import type { PlacedSample } from "../parts.js";
import { placeSamples } from "../parts.js";

/** Below this many images a class is warned of. */
const FEW_IMAGES = 20;

/** Images, or the bottlenecks that stand for them, with their labels. */
export type RetrainData = Pick<Dataset, "task" | "classes" | "samples">;

/**
 * The images of `<imageDir>/<class>/<file>`, or undefined where there are none. Deeper folders do not count, as in retrain.py.
 *
 * @throws UserError `bad-data` with fewer than two classes
 */
export async function listClassFolders(imageDir: string, options: WorkOptions): Promise<RetrainData | undefined> {
  const { images } = await listFolder(imageDir, options);
  const inClasses = images.filter((name) => name.split("/").length === 2);
  if (inClasses.length < images.length) {
    const elsewhere = images.length - inClasses.length;
    options.onWarning?.(`${imageDir}: ${elsewhere} images are not in ${imageDir}/<class>/ and were left out.`);
  }
  return inClasses.length === 0 ? undefined : labelByFolder(inClasses, (name) => pathAsGiven(imageDir, name), imageDir, options);
}

/**
 * Labels names `<class>/<file>` by their folder.
 *
 * @throws UserError `bad-data` with fewer than two classes, or when two folders become the same label
 */
export function labelByFolder(
  names: readonly string[],
  pathOf: (name: string) => string,
  root: string,
  { onWarning }: Pick<WorkOptions, "onWarning">,
): RetrainData {
  const byFolder = new Map<string, string[]>();
  for (const name of names) {
    const folder = name.slice(0, name.indexOf("/"));
    const known = byFolder.get(folder);
    if (known === undefined) byFolder.set(folder, [name]);
    else known.push(name);
  }
  const folders = [...byFolder.keys()].sort(compareCodePoints);
  if (folders.length === 1) {
    throw new UserError(
      "bad-data",
      `${root}: only one folder of images (${folders[0]}): several classes are needed to tell them apart`,
      {
        hint: "Make one folder per class, or give --image_labels_dir with the labels of each image.",
      },
    );
  }
  const classes = folders.map(labelOf);
  classes.forEach((label, i) => {
    const other = classes.indexOf(label);
    if (other === i) return;
    throw new UserError("bad-data", `${root}: the folders ${folders[other]} and ${folders[i]} both become the label "${label}"`, {
      hint: "Labels are folder names in lower case, with a space for everything but a-z and 0-9: rename one of the folders.",
    });
  });
  const samples = folders.flatMap((folder, k) => {
    // The keys of the map are the folders.
    const files = byFolder.get(folder) as string[];
    if (files.length < FEW_IMAGES) {
      onWarning?.(`${root}: the folder ${folder} has less than ${FEW_IMAGES} images, which may cause issues.`);
    }
    const labels = new Int8Array(folders.length).fill(NO);
    labels[k] = YES;
    return files.map((name): Sample => ({ file: name, path: pathOf(name), labels }));
  });
  return { task: "multiclass", classes, samples };
}

/** The images under a folder with labels from `<imageLabelsDir>/<image>.txt`. Images without such a file are left out. */
export async function listLabelledImages(imageDir: string, imageLabelsDir: string, options: WorkOptions): Promise<RetrainData> {
  const { task, classes, samples } = await openDataset(imageDir, { ...options, labels: imageLabelsDir, task: "multilabel" });
  classes.forEach((label, k) => {
    const positives = samples.filter(({ labels }) => labels[k] === YES).length;
    if (positives >= FEW_IMAGES) return;
    options.onWarning?.(`${imageLabelsDir}: the label ${label} has less than ${FEW_IMAGES} images, which may cause issues.`);
  });
  return { task, classes, samples: samples.map((sample) => ({ ...sample, path: pathAsGiven(imageDir, sample.file) })) };
}

/**
 * Gives every sample its part by the SHA-1 of `<imageDir>/<class>/<file>` as given.
 *
 * @param imageDir what stands before the names in the hash
 */
export function splitByPath(
  data: RetrainData,
  imageDir: string,
  { testingPercentage, validationPercentage }: { readonly testingPercentage: number; readonly validationPercentage: number },
): PlacedSample[] {
  const partOf = ({ file }: Sample) => retrainHashPart(pathAsGiven(imageDir, file), testingPercentage, validationPercentage);
  return placeSamples({ ...data, root: imageDir, source: "retrain" }, data.samples.map(partOf));
}

/** Python's `os.path.join`: nothing is normalised, since the text is hashed. */
function pathAsGiven(folder: string, name: string): string {
  return folder.endsWith("/") ? folder + name : `${folder}/${name}`;
}

/** `re.sub(r'[^a-z0-9]+', ' ', folder.lower())`, but a folder in another script keeps its own name. */
function labelOf(folder: string): string {
  const label = folder.toLowerCase().replaceAll(/[^a-z0-9]+/g, " ");
  return label.trim() === "" ? folder : label;
}
