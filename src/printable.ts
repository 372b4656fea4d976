/**
 * A name that came from a file, safe to show: control characters would steer the terminal, and format characters (Unicode's Cc
 * and Cf: escape, line feed, right-to-left override) would disguise it. Each becomes U+FFFD.
 */
export function printable(name: string): string {
  return name.replaceAll(/[\p{Cc}\p{Cf}]/gu, "\ufffd");
}

/** A message of several lines, safe to show: as {@link printable}, but its line feeds stay. */
export function printableLines(message: string): string {
  return message.split("\n").map(printable).join("\n");
}
