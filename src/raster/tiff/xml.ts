/** An element of an XML text. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  /** The element it stands in; undefined for the outermost. */
  readonly parent: XmlElement | undefined;
  /** Its own text, without that of elements in it. */
  readonly text: string;
}

const MAX_DEPTH = 64;
/** Longer tags are read without their attributes. */
const MAX_TAG_CHARACTERS = 4096;
// Each begins behind white space, so that no letter is looked at twice.
const ATTRIBUTE = /(?<=\s)([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
const ENTITY = /&(?:(amp|lt|gt|quot|apos)|#(\d{1,7})|#[xX]([\da-fA-F]{1,6}));/g;
const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

const CDATA = { begin: "<![CDATA[", end: "]]>" };
/** What is no element and may hold "<" and ">". */
const PASSED_OVER = [CDATA, { begin: "<!--", end: "-->" }, { begin: "<?", end: "?>" }];

/**
 * The elements of an XML text, each where it ends, in time linear in the length of the text. The five entities of XML and those
 * with numbers are replaced, no others and no declarations: nothing is ever opened or expanded.
 *
 * @throws SyntaxError where tags do not end or do not match
 */
export function* xmlElements(xml: string): Generator<XmlElement> {
  const open: (XmlElement & { text: string })[] = [];
  for (let at = 0; ; ) {
    const start = xml.indexOf("<", at);
    const inside = open.at(-1);
    if (inside !== undefined) inside.text += unescapeXml(xml.slice(at, start < 0 ? xml.length : start));
    if (start < 0) break;
    const passed = "!?".includes(xml[start + 1]) ? PASSED_OVER.find(({ begin }) => xml.startsWith(begin, start)) : undefined;
    if (passed !== undefined) {
      const end = xml.indexOf(passed.end, start + passed.begin.length);
      if (end < 0) throw new SyntaxError(`"${passed.begin}" does not end`);
      if (passed === CDATA && inside !== undefined) inside.text += xml.slice(start + CDATA.begin.length, end);
      at = end + passed.end.length;
      continue;
    }
    const end = endOfTag(xml, start);
    if (end < 0) throw new SyntaxError("a tag does not end");
    const tag = xml.slice(start + 1, end);
    at = end + 1;
    if (tag.startsWith("!")) continue;
    if (tag.startsWith("/")) {
      if (inside === undefined || inside.name !== tag.slice(1).trim()) throw new SyntaxError("tags do not match");
      open.pop();
      yield inside;
      continue;
    }
    const element = { name: tag.split(/[\s/]/, 1)[0], attributes: attributesIn(tag), parent: inside, text: "" };
    if (tag.endsWith("/")) yield element;
    else if (open.push(element) > MAX_DEPTH) throw new SyntaxError(`elements stand in each other more than ${MAX_DEPTH} deep`);
  }
  if (open.length > 0) throw new SyntaxError("an element does not end");
}

/** Where the ">" of a tag is: those in quotes are not it. */
function endOfTag(xml: string, start: number): number {
  for (let at = start + 1; at < xml.length; at++) {
    const character = xml[at];
    if (character === ">") return at;
    if (character === '"' || character === "'") {
      at = xml.indexOf(character, at + 1);
      if (at < 0) return -1;
    }
  }
  return -1;
}

const NONE: ReadonlyMap<string, string> = new Map();

function attributesIn(tag: string): ReadonlyMap<string, string> {
  if (tag.length > MAX_TAG_CHARACTERS || !tag.includes("=")) return NONE;
  return new Map(
    Array.from(tag.matchAll(ATTRIBUTE), ([, name, double, single]) => [name, unescapeXml(double ?? single)] as const),
  );
}

/** Entities replaced by what they stand for, once. */
export function unescapeXml(text: string): string {
  return text.replaceAll(ENTITY, (_, name?: string, decimal?: string, hexadecimal?: string) =>
    name === undefined
      ? character(decimal === undefined ? Number.parseInt(hexadecimal ?? "", 16) : Number(decimal))
      : ENTITIES[name],
  );
}

/** U+FFFD for what is no character. */
function character(code: number): string {
  const isNone = code === 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000);
  return isNone ? "\ufffd" : String.fromCodePoint(code);
}
