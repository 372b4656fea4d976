#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { ERRORS, EXIT_BUG, messageOf, UserError } from "../errors.js";
import { printableLines } from "../printable.js";
import type { Terminal } from "./command.js";
import { COMMANDS } from "./commands.js";
import { parseCommandLine } from "./parser.js";
import { createProgressPrinter } from "./progress-bar.js";

const ABOUT = {
  version: String(JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")).version),
  description:
    "Retrain image classifiers on satellite imagery, on an ordinary CPU.\nSoftmax: one label per image. Sigmoid: any number of labels per image.",
  footer: `Start here:
  sigmax demo                                        see the whole story on a generated landscape
  sigmax train photos/ --out runs/first              photos/<class>/*.jpg: one label per image
  sigmax train images/ --labels labels.csv           image_name,tags: several labels per image
  sigmax predict runs/first/classifier.onnx new/     label new images
`,
};

/** Runs one command line and returns the exit status. */
async function main(argv: readonly string[]): Promise<number> {
  // Known before parsing, so that even a wrong command line is answered in the form asked for.
  const json = argv.includes("--json");
  const quiet = argv.includes("--quiet");
  const printer = createProgressPrinter({
    isTerminal: process.stderr.isTTY === true,
    columns: process.stderr.columns ?? 100,
    write: (text) => process.stderr.write(text),
    now: () => performance.now(),
  });
  const stop = new AbortController();
  process.on("SIGINT", () => {
    if (stop.signal.aborted) process.exit(ERRORS.aborted.exit);
    printer.line("stopping… (Ctrl-C again to stop at once)");
    stop.abort();
  });
  process.on("SIGTERM", () => stop.abort());
  const terminal: Terminal = {
    signal: stop.signal,
    json,
    onProgress: (progress) => {
      if (!quiet) printer.show(progress);
    },
    onWarning: (message) => printer.line(`warning: ${message}`),
    print: (line) => process.stdout.write(`${line}\n`),
    say: (line) => {
      if (!quiet) printer.line(line);
    },
  };
  try {
    const parsed = parseCommandLine(argv, COMMANDS, ABOUT);
    if ("text" in parsed) {
      process.stdout.write(parsed.text);
      return 0;
    }
    await parsed.command.run(parsed.input, terminal);
    printer.finish();
    return 0;
  } catch (error) {
    printer.finish();
    return report(error, json);
  }
}

function report(error: unknown, json: boolean): number {
  if (error instanceof UserError) {
    if (json)
      process.stdout.write(
        `${JSON.stringify({ error: { code: error.code, message: error.message, hint: error.hint ?? null } })}\n`,
      );
    complain(`${error.message}${error.hint === undefined ? "" : `\n  ${error.hint}`}`);
    return ERRORS[error.code].exit;
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
  if (json) process.stdout.write(`${JSON.stringify({ error: { code: "bug", message: messageOf(error), hint: null } })}\n`);
  complain(`this is a defect in sigmax, not in your data. Please report it with these lines:\n${detail}`);
  return EXIT_BUG;
}

function complain(message: string): void {
  process.stderr.write(`${printableLines(`sigmax: ${message}`)}\n`);
}

// A reader such as `head` that closes the pipe is no error of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : EXIT_BUG));
process.exitCode = await main(process.argv.slice(2));
