// The process that `isolate` starts: imports the task that its argument names, runs it once, answers, and waits to be ended.
import { argv } from "node:process";
import { messageOf, UserError } from "./errors.js";
import type { IsolateReply } from "./isolate.js";

const send = (reply: IsolateReply) => process.send?.(reply);

const { task }: { task(input: unknown): unknown } = await import(argv[2]);

process.once("disconnect", () => process.exit());
process.once("message", async (message) => {
  // The other end is isolate.ts, which sends nothing else.
  const { input } = message as { readonly input: unknown };
  let reply: IsolateReply;
  try {
    reply = { result: await task(input) };
  } catch (error) {
    const { code, hint } = error instanceof UserError ? error : { code: undefined, hint: undefined };
    reply = { error: { code, message: messageOf(error), hint } };
  }
  send(reply);
});
send({ ready: true });
