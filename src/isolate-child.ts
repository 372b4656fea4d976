// The process that `isolate` starts: imports the named task, runs it once, answers, and waits to be ended.
import { messageOf, UserError } from "./errors.js";
import type { IsolateReply } from "./isolate.js";

const send = (reply: IsolateReply) => process.send?.(reply);

process.once("disconnect", () => process.exit());
process.once("message", async (message) => {
  // The other end is isolate.ts, which sends nothing else.
  const { task, input } = message as { readonly task: string; readonly input: unknown };
  let reply: IsolateReply;
  try {
    const module: { task(input: unknown): unknown } = await import(task);
    reply = { result: await module.task(input) };
  } catch (error) {
    const { code, hint } = error instanceof UserError ? error : { code: undefined, hint: undefined };
    reply = { error: { code, message: messageOf(error), hint } };
  }
  send(reply);
});
send({ ready: true });
