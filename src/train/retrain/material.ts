import { existsSync } from "node:fs";
import { UserError } from "../../errors.js";
import type { EmbeddingOrigin } from "../../model/backbone.js";
import { DEFAULT_SEED, type Random } from "../../random.js";
import { openBackboneOn } from "../prepare.js";
import { bottleneckPath, listBottlenecks, readBottlenecks } from "./bottlenecks.js";
import { examplesDistorted, examplesFromImages, examplesInMemory, type RetrainFeatures } from "./features.js";
import { labelByFolder, listClassFolders, listLabelledImages, type RetrainData, splitByPath } from "./images.js";
import { distorts, type RetrainOptions, type RetrainSettings } from "./options.js";

/** Everything the training needs, and what made it. */
export interface Material {
  readonly data: RetrainData;
  readonly features: RetrainFeatures;
  readonly network: EmbeddingOrigin;
}

/**
 * Finds images or bottlenecks, splits them by the hash of their paths, and makes their embeddings ready.
 *
 * @throws UserError for anything wrong with folders, labels, backbone or bottlenecks
 */
export async function gatherMaterial(options: RetrainOptions, settings: RetrainSettings, random: Random): Promise<Material> {
  const { imageDir, imageLabelsDir, bottleneckDir, signal, onProgress, onWarning } = options;
  const work = { signal, onProgress, onWarning };
  const missing = imageDir === undefined || !existsSync(imageDir);
  // Without images there may still be their bottlenecks, and then the text of --image_dir decides the split as it did.
  if (missing && bottleneckDir === undefined) {
    throw imageDir === undefined
      ? new UserError("usage", "--image_dir is missing", { hint: "Give the folder with one folder of images per class." })
      : new UserError("not-found", `${imageDir}: no such folder`, { hint: "Check --image_dir for typing mistakes." });
  }
  if (imageLabelsDir !== undefined) {
    if (missing) throw new UserError("usage", "--image_labels_dir needs the images: give --image_dir");
    return embedImages(await listLabelledImages(imageDir, imageLabelsDir, work), imageDir, options, settings, random);
  }
  const data = missing ? undefined : await listClassFolders(imageDir, work);
  if (data !== undefined && imageDir !== undefined) return embedImages(data, imageDir, options, settings, random);
  if (bottleneckDir === undefined) {
    throw new UserError("not-found", `${imageDir}: no images in ${imageDir}/<class>/`, {
      hint: "Make one folder of .jpg, .png, .webp or .tif files per class.",
    });
  }
  return readBottleneckFolder(bottleneckDir, options, settings);
}

async function embedImages(
  data: RetrainData,
  imageDir: string,
  options: RetrainOptions,
  settings: RetrainSettings,
  random: Random,
): Promise<Material> {
  const placed = splitByPath(data, imageDir, settings);
  const training = placed.flatMap(({ part, sample }) => (part === "train" ? [sample] : []));
  const backbone = await openBackboneOn(training, { ...options, seed: options.seed ?? DEFAULT_SEED });
  const features = distorts(settings)
    ? await examplesDistorted(placed, backbone, { ...options, limits: settings, random: random.fork("distortions") })
    : await examplesFromImages(placed, backbone, options);
  return { data, features, network: backbone };
}

async function readBottleneckFolder(
  bottleneckDir: string,
  options: RetrainOptions,
  settings: RetrainSettings,
): Promise<Material> {
  const { imageDir, onWarning } = options;
  if (distorts(settings)) {
    throw new UserError("usage", `${imageDir ?? bottleneckDir}: there are no images to flip, crop, scale or brighten`, {
      hint: "Give --image_dir with the images, or leave these flags out.",
    });
  }
  if (!existsSync(bottleneckDir)) {
    throw new UserError("not-found", `${bottleneckDir}: no such folder`, {
      hint: "Give --image_dir with the images, or check --bottleneck_dir.",
    });
  }
  const found = await listBottlenecks(bottleneckDir, options);
  if (found === undefined) {
    throw new UserError("not-found", `${bottleneckDir}: no bottleneck files <class>/<image>_<module>.txt`, {
      hint: "Give --image_dir with the images, and they are computed.",
    });
  }
  const data = labelByFolder(
    found.images,
    (name) => bottleneckPath(bottleneckDir, name, found.moduleName),
    bottleneckDir,
    options,
  );
  const { embeddings, size } = await readBottlenecks(
    data.samples.map(({ path }) => path),
    options,
  );
  onWarning?.(
    `training on ${data.samples.length} bottlenecks of ${found.moduleName}, split by ${imageDir ?? bottleneckDir}/<class>/<image>; ` +
      `that network is not known here, so the graph takes its embedding [N, ${size}] instead of images`,
  );
  return {
    data,
    features: examplesInMemory(splitByPath(data, imageDir ?? bottleneckDir, settings), embeddings, size),
    network: { id: found.moduleName, sha256: "", embeddingSize: size, preprocess: null },
  };
}
