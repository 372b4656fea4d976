import { Command as Commander, CommanderError, InvalidArgumentError, Option } from "commander";
import { messageOf, nearest, UserError } from "../errors.js";
import { type Argument, COMMON_FLAGS, type Command, type Flag, flagName, type Input } from "./command.js";

/** What the command line asks for: a command to run, or text to show. */
export type Parsed = { readonly command: Command; readonly input: Input } | { readonly text: string };

/**
 * Reads the command line against the table of commands. Commander enters sigmax here only.
 *
 * @throws UserError `usage`, naming the nearest known flag or command
 */
export function parseCommandLine(
  argv: readonly string[],
  commands: readonly Command[],
  about: { version: string; description: string; footer: string },
): Parsed {
  let parsed: Parsed | undefined;
  let text = "";
  const program = new Commander("sigmax")
    .description(about.description)
    .version(about.version)
    .addHelpText("after", `\n${about.footer}`);
  const settle = (commander: Commander) =>
    commander
      .exitOverride()
      .helpOption("-h, --help", "show this help")
      .configureHelp({ helpWidth: 110, showGlobalOptions: false })
      .configureOutput({ writeOut: (part) => (text += part), writeErr: () => {} });
  settle(program).helpCommand(false);

  const groups = new Map<string, Commander>();
  const known = new Map<Commander, string[]>();
  for (const command of commands) {
    const [first, second] = command.name.split(" ");
    let parent = program;
    if (second !== undefined) {
      const group =
        groups.get(first) ?? settle(program.command(first).description(groupSummary(first, commands))).helpCommand(false);
      groups.set(first, group);
      parent = group;
    }
    const commander = settle(parent.command(second ?? first).description(command.summary));
    for (const argument of command.arguments) commander.argument(syntax(argument), argument.describe);
    const flags = { ...command.flags, ...COMMON_FLAGS };
    for (const [key, flag] of Object.entries(flags)) commander.addOption(optionOf(key, flag));
    known.set(
      commander,
      Object.entries(flags).map(([key, flag]) => flagName(key, flag)),
    );
    if (command.examples.length > 0)
      commander.addHelpText("after", `\nExamples:\n${command.examples.map((line) => `  ${line}`).join("\n")}`);
    commander.action((...received: unknown[]) => {
      parsed = {
        command,
        input: { arguments: received.slice(0, command.arguments.length) as Input["arguments"], flags: commander.opts() },
      }; // commander gives strings, in the order declared
    });
  }
  try {
    program.parse([...argv], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { text };
    if (error.code === "commander.help") return { text: program.helpInformation() };
    throw usageError(error, program, known, argv);
  }
  return parsed ?? { text: program.helpInformation() };
}

/** "inspect, convert, split": the second words of a group. */
function groupSummary(first: string, commands: readonly Command[]): string {
  const seconds = commands.flatMap(({ name }) => (name.startsWith(`${first} `) ? [name.slice(first.length + 1)] : []));
  return `${seconds.join(", ")}: see sigmax ${first} --help`;
}

function syntax(argument: Argument): string {
  const name = argument.variadic ? `${argument.name}...` : argument.name;
  return argument.optional ? `[${name}]` : `<${name}>`;
}

function optionOf(key: string, flag: Flag): Option {
  const name = flagName(key, flag);
  const note = flag.shownDefault === undefined ? "" : ` (default: ${flag.shownDefault})`;
  const option = new Option(flag.value === undefined ? name : `${name} <${flag.value}>`, flag.describe + note);
  // Commander derives keys from the flag; ours is the JSON key, whatever the flag looks like.
  option.attributeName = () => key;
  // Nor does "--no-cache" take back another flag: it is one of its own.
  option.negate = false;
  if (flag.choices !== undefined) option.choices([...flag.choices]);
  const { parse, repeatable } = flag;
  if (parse !== undefined || repeatable) {
    option.argParser((text: string, previous: unknown) => {
      try {
        const value = parse === undefined ? text : parse(text);
        return repeatable ? [...(Array.isArray(previous) ? previous : []), value] : value;
      } catch (error) {
        throw new InvalidArgumentError(messageOf(error));
      }
    });
  }
  return option;
}

function usageError(
  error: CommanderError,
  program: Commander,
  known: ReadonlyMap<Commander, readonly string[]>,
  argv: readonly string[],
): UserError {
  const message = error.message
    .replace(/^error: /, "")
    .split("\n")[0]
    .replace(/\.$/, "");
  const unknown = /unknown (?:option|command) '([^']+)'/.exec(message)?.[1];
  const command = [...known.keys()].find((candidate) => wordsOf(candidate).every((word, i) => argv[i] === word));
  const group = program.commands.find((child) => child.name() === argv[0] && child.commands.length > 0) ?? program;
  const words = command === undefined ? group.commands.map((child) => child.name()) : (known.get(command) ?? []);
  const guess = unknown === undefined ? undefined : nearest(unknown, words);
  const help = ["sigmax", ...wordsOf(command ?? group), "--help"].join(" ");
  return new UserError("usage", message, { hint: guess === undefined ? `See ${help}.` : `Did you mean ${guess}? See ${help}.` });
}

function wordsOf(command: Commander): string[] {
  const words: string[] = [];
  for (let at: Commander | null = command; at?.parent; at = at.parent) words.unshift(at.name());
  return words;
}
