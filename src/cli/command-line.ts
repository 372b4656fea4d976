import { COMMON_FLAGS, type Command, flagName, type Input } from "./command.js";

/** The command line that gives a command this input again, quoted for a POSIX shell: what a report shows. */
export function commandOf({ name, flags }: Pick<Command, "name" | "flags">, input: Input): string {
  const given = input.arguments.flatMap((argument) => argument ?? []);
  const words = Object.entries({ ...flags, ...COMMON_FLAGS }).flatMap(([key, flag]) => {
    const value = input.flags[key];
    if (value === undefined) return [];
    const typed = flagName(key, flag);
    if (flag.value === undefined) return value === true ? [typed] : [];
    const values = flag.repeatable && Array.isArray(value) ? value : [value];
    return values.flatMap((each) => [typed, textOf(each)]);
  });
  // What looks like a flag has to come after "--", and so after the flags.
  const rest = given.some((argument) => argument.startsWith("-")) ? [...words, "--", ...given] : [...given, ...words];
  return ["sigmax", ...name.split(" "), ...rest].map(shellQuoted).join(" ");
}

/** The text that a flag's `parse` read: the items of a list stand between commas. */
function textOf(value: unknown): string {
  return Array.isArray(value) ? value.join(",") : String(value);
}

/** POSIX: between single quotes everything stands for itself but the single quote. */
function shellQuoted(word: string): string {
  return /^[\w@%+:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
