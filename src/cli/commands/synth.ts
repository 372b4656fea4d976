import { UserError } from "../../errors.js";
import { DEFAULT_SEED } from "../../random.js";
import { MOST_DATES, SIZE_LIMITS_PX } from "../../synth/country/country.js";
import { COUNTRY_BANDS } from "../../synth/country/spectra.js";
import type { CountryTruth } from "../../synth/country/truth.js";
import { writeCountry } from "../../synth/country/write.js";
import { type Command, integer, workOf } from "../command.js";
import { OUT_FLAGS, SPLIT_FLAGS } from "../flags.js";
import { number, text } from "../inputs.js";

const DEFAULT_BANDS = 4;

export const synth: Command = {
  name: "synth",
  summary: "generate georeferenced scenes of an invented country on one or more dates, with known truth",
  examples: [
    "sigmax synth --size 2048 --dates 2 --seed 7 --out land/",
    "sigmax synth --size 20000 --bands 6 --haze --shift --clouds --out large/",
  ],
  arguments: [],
  flags: {
    size: { value: "pixels", parse: integer(...SIZE_LIMITS_PX), describe: "side of the scenes, 2 m to the pixel" },
    dates: {
      value: "n",
      parse: integer(1, MOST_DATES),
      describe: "how many dates: forest is cut and settlements grow",
      shownDefault: "1",
    },
    seed: SPLIT_FLAGS.seed,
    bands: {
      value: "n",
      parse: integer(1, COUNTRY_BANDS.length),
      describe: `how many of ${COUNTRY_BANDS.join(", ")}`,
      shownDefault: `${DEFAULT_BANDS}`,
    },
    haze: { describe: "haze over every date, thicker in some places" },
    shift: {
      describe: "dates after the first have other gains and offsets, and a grid up to 1.6 pixels off; truth.json says which",
    },
    clouds: { describe: "clouds and their shadows; clouds-N.tif says where, in SCL codes" },
    out: { value: "folder", describe: "folder for scene-N.tif, classes-N.tif, classes.json and truth.json" },
    threads: { value: "n", parse: integer(1, 1024), describe: "windows painted at the same time", shownDefault: "one per core" },
    ...OUT_FLAGS,
  },
  async run({ flags }, terminal) {
    const out = text(flags, "out");
    const sizePx = number(flags, "size");
    if (out === undefined || sizePx === undefined) throw new UserError("usage", "--size <pixels> and --out <folder> are needed");
    const written = await writeCountry({
      ...{ out, sizePx, seed: number(flags, "seed") ?? DEFAULT_SEED, dates: number(flags, "dates") ?? 1 },
      bands: number(flags, "bands") ?? DEFAULT_BANDS,
      haze: flags.haze === true ? 1 : 0,
      shift: flags.shift === true ? 1 : 0,
      clouds: flags.clouds === true ? 1 : 0,
      force: flags.force === true,
      threads: number(flags, "threads"),
      ...workOf(terminal),
    });
    if (terminal.json) {
      terminal.print(JSON.stringify(written));
      return;
    }
    terminal.print(`${out}: ${written.scenes.length} scene(s) of ${sizePx} × ${sizePx} pixels, generated: no real place`);
    terminal.print(shareLines(written.truth).join("\n"));
  },
};

/** A line per class with its share of the land on every date. */
function shareLines({ dates, sizePx }: CountryTruth): string[] {
  return Object.keys(dates[0].areas).map((name) => {
    const shares = dates.map(({ areas }) => `${((100 * areas[name].pixels) / sizePx ** 2).toFixed(1).padStart(5)} %`);
    return `  ${name.padEnd(7)} ${shares.join("  ")}`;
  });
}
