import type { GraphProto, NodeProto } from "./proto.js";
import { readsOf } from "./rename.js";

/** Tells the only node that reads a tensor; undefined where there are several or none, or the graph returns it. */
export function soleReaders({ node, output }: Pick<GraphProto, "node" | "output">): (name: string) => NodeProto | undefined {
  const readers = new Map<string, NodeProto[]>();
  for (const item of node) {
    for (const name of new Set(readsOf(item))) {
      const found = readers.get(name);
      if (found) found.push(item);
      else readers.set(name, [item]);
    }
  }
  const outputs = new Set(output.map(({ name }) => name));
  return (name) => {
    const all = readers.get(name);
    return all?.length === 1 && !outputs.has(name) ? all[0] : undefined;
  };
}
