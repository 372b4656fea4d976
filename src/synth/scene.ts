import { createLandscape, type LandscapeOptions } from "./landscape.js";
import { type Acquisition, type GeneratedScene, renderLandscape } from "./render.js";

/** What land to invent, and how to look at it. */
export type SceneOptions = LandscapeOptions & Acquisition;

/**
 * Generates a satellite-like scene with known truth: the same options give the same bytes.
 *
 * @throws UserError `limit` if the scene is too large or too small
 */
export function generateScene(options: SceneOptions): GeneratedScene {
  return renderLandscape(createLandscape(options), options);
}
