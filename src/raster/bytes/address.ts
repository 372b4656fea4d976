import { UserError } from "../../errors.js";

/** An address over which files are read, taken apart so that nothing secret is left in what is shown. */
export interface Address {
  /** Without user, password and fragment. */
  readonly url: URL;
  /** Names it in messages and outputs: without the query too, where signatures and keys stand. */
  readonly name: string;
  /** For the header `authorization`; undefined where the address names no user. */
  readonly authorization: string | undefined;
}

const SCHEMES: readonly string[] = ["http:", "https:"];
/** `s3://…`, `https://…`; a drive of Windows (`C:/`) is a path. */
const SCHEME = /^[a-z][a-z0-9+.-]+:\/\//i;

/** Whether a text that may be a path is an address, of whatever scheme. */
export function isAddress(text: string): boolean {
  return SCHEME.test(text);
}

/** A path as it is, or of an address what may be shown of it. */
export function shownFile(file: string): string {
  return isAddress(file) ? parseAddress(file).name : file;
}

/** @throws UserError `usage` for what is no address of http or https */
export function parseAddress(source: string | URL): Address {
  const url = URL.canParse(source) ? new URL(source) : undefined;
  // The text is not shown: a password may stand in it.
  if (url === undefined)
    throw new UserError("usage", "an address cannot be read", { hint: "It looks like https://host/file.tif." });
  const name = shown(url);
  if (!SCHEMES.includes(url.protocol)) {
    throw new UserError("usage", `${name}: files are not read over ${url.protocol}`, {
      hint: "Give an address of https: or http:, or the path of a file.",
    });
  }
  const { username, password } = url;
  const user = `${decoded(username)}:${decoded(password)}`;
  Object.assign(url, { username: "", password: "", hash: "" });
  const isAnonymous = username === "" && password === "";
  return { url, name, authorization: isAnonymous ? undefined : `Basic ${Buffer.from(user).toString("base64")}` };
}

/** An address to follow from another; undefined for one that is not of http or https. */
export function redirected(location: string, from: URL): URL | undefined {
  if (!URL.canParse(location, from)) return undefined;
  const url = new URL(location, from);
  if (!SCHEMES.includes(url.protocol)) return undefined;
  Object.assign(url, { username: "", password: "" });
  return url;
}

/** Without user, password, query and fragment. */
export function shown({ protocol, host, pathname }: URL): string {
  return `${protocol}//${host}${pathname}`;
}

/** A `%` that encodes nothing stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
