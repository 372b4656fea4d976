import type { RasterReader } from "../reader.js";
import type { StackedBand } from "./stack.js";

const ALPHA = "alpha";

/**
 * Bands of a scene, where one that is tagged as alpha is a measured band like others if somebody named it otherwise: GDAL tags the fourth
 * of four 8-bit bands so, whatever it measures. It then says nothing of which pixels were measured.
 */
export function withNamedAlpha(bands: readonly StackedBand[]): readonly StackedBand[] {
  const readers = new Map<RasterReader, RasterReader>();
  for (const { reader } of bands) {
    const named = bands.filter((one) => one.reader === reader && isAlpha(reader, one.band) && one.name !== ALPHA);
    if (named.length > 0) readers.set(reader, measuring(reader, named));
  }
  return bands.map((one) => ({ ...one, reader: readers.get(one.reader) ?? one.reader }));
}

/** Says of each file whose alpha band is read as transparency that it is, and how to keep the band. */
export function warnOfAlpha(bands: readonly StackedBand[], warn: (message: string) => void, isByFlags: boolean): void {
  for (const { info } of new Set(bands.map(({ reader }) => reader))) {
    const index = info.bands.findIndex(({ colour }) => colour === ALPHA);
    if (index < 0) continue;
    const effect = info.validity === "alpha" ? "pixels where it is 0 count as not measured" : "it is left out";
    const named = info.bands.some(({ name }) => name === "nir") ? `band${index + 1}` : "nir";
    const others = info.bands.map(({ name }, band) => (band === index ? named : name)).join(",");
    const keep = isByFlags ? `--band ${named}=${info.file}:${index + 1}` : `--band-names ${others}`;
    warn(
      `${info.file}: band ${index + 1} is tagged as alpha, which is transparency: ${effect}. If it measures something, near infrared say, name it: ${keep}`,
    );
  }
}

function isAlpha({ info }: RasterReader, band: number): boolean {
  return info.bands[band].colour === ALPHA;
}

function measuring(reader: RasterReader, named: readonly StackedBand[]): RasterReader {
  const indices = named.map(({ band }) => band);
  const { info } = reader;
  const isMask = info.validity === ALPHA;
  return {
    info: {
      ...info,
      bands: info.bands.map((band, index) => (indices.includes(index) ? { ...band, colour: "undefined" } : band)),
      validity: isMask ? "all" : info.validity,
    },
    read: (options = {}) => reader.read(isMask ? { ...options, validity: false } : options),
    close: () => reader.close(),
  };
}
