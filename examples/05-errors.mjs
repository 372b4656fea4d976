// Everything a user can cause is a UserError: a code for programs, a message and a hint for people.
import { mkdirSync, writeFileSync } from "node:fs";
import { openClassifier, train, UserError } from "sigmax";
import { at } from "./workplace.mjs";

mkdirSync(at("empty"));
writeFileSync(at("page.onnx"), "<html>404 not found</html>");

for (const attempt of [
  () => train({ data: at("nowhere"), out: at("run") }),
  () => train({ data: at("empty"), out: at("run") }),
  () => openClassifier(at("page.onnx")),
]) {
  try {
    await attempt();
    throw new Error("this should not have worked");
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    console.log(`${error.code}: ${error.message.replace(at(""), "")}`);
  }
}
