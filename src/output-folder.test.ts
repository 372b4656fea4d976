import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { compiledFile } from "./compiled.js";
import { UserError } from "./errors.js";
import { refuseFolder, writeFolder } from "./output-folder.js";

let work: string;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), "sigmax-folder-"));
});
afterEach(() => rmSync(work, { recursive: true, force: true }));

const write = (out: string, content: string, force = false) =>
  writeFolder(out, { force, marker: "marker.json" }, async (folder) => {
    writeFileSync(join(folder, "marker.json"), content);
    return content;
  });

describe("an output folder", () => {
  it("appears whole, in folders that are made for it", async () => {
    const out = join(work, "a/b/run");
    expect(await write(out, "1")).toBe("1");
    expect(readFileSync(join(out, "marker.json"), "utf8")).toBe("1");
    expect(readdirSync(join(work, "a/b"))).toEqual(["run"]);
  });

  it("does not appear, and leaves nothing, when the work fails", async () => {
    const failing = writeFolder(join(work, "run"), { force: false, marker: "marker.json" }, async (folder) => {
      writeFileSync(join(folder, "half"), "");
      throw new UserError("aborted", "stopped");
    });
    await expect(failing).rejects.toMatchObject({ code: "aborted" });
    expect(readdirSync(work)).toEqual([]);
  });

  it("keeps the earlier result until the new one is whole", async () => {
    const out = join(work, "run");
    await write(out, "1");
    await expect(write(out, "2")).rejects.toMatchObject({ code: "exists" });
    const failing = writeFolder(out, { force: true, marker: "marker.json" }, () =>
      Promise.reject(new UserError("numeric", "NaN")),
    );
    await expect(failing).rejects.toMatchObject({ code: "numeric" });
    expect(readFileSync(join(out, "marker.json"), "utf8")).toBe("1");
    await write(out, "2", true);
    expect(readFileSync(join(out, "marker.json"), "utf8")).toBe("2");
    expect(readdirSync(work)).toEqual(["run"]);
  });

  it("never replaces a folder that it did not write", () => {
    const mine = join(work, "mine");
    mkdirSync(mine);
    refuseFolder(mine, { force: false, marker: "marker.json" });
    writeFileSync(join(mine, "thesis.txt"), "");
    for (const force of [false, true]) {
      expect(() => refuseFolder(mine, { force, marker: "marker.json" })).toThrow(UserError);
    }
    expect(existsSync(join(mine, "thesis.txt"))).toBe(true);
  });

  it("clears away what killed processes left at it, and nobody else's", async () => {
    const out = join(work, "run");
    const killed = (kind: string, ending: string) => {
      const program = `import { writeFolder } from ${JSON.stringify(compiledFile("./output-folder.js", import.meta.url).href)};
        import { existsSync, renameSync, writeFileSync } from "node:fs";
        const [out, kind] = process.argv.slice(1);
        await writeFolder(out, { force: true, marker: "marker.json" }, async (folder) => {
          writeFileSync(folder + "/marker.json", "half");
          // Where it is killed between both renames.
          if (kind === "old") renameSync(out, folder.replace(".partial-", ".old-"));
          process.kill(process.pid, "SIGKILL");
          await new Promise(() => setInterval(() => {}, 1000));
        });`;
      spawnSync(process.execPath, ["--input-type=module", "-e", program, out, kind]);
      expect(readdirSync(work).filter((name) => name.includes(ending))).toHaveLength(1);
    };
    killed("partial", ".partial-");
    const [left] = readdirSync(work);
    const strange = [
      left.replace(/-[0-9a-f]{8}-/, "-00000000-"),
      left.replace(/-\d+-([0-9a-f]{12})$/, `-${process.ppid}-$1`),
      ".run.partial-mine",
    ];
    for (const name of strange) mkdirSync(join(work, name));
    await write(out, "1");
    expect(readdirSync(work).sort()).toEqual([...strange, "run"].sort());

    killed("old", ".old-");
    expect(existsSync(out)).toBe(false);
    await expect(write(out, "2")).rejects.toMatchObject({ code: "exists" });
    expect(readFileSync(join(out, "marker.json"), "utf8")).toBe("1");
    expect(readdirSync(work).sort()).toEqual([...strange, "run"].sort());
  });

  it("tells of a disk that refuses by the folder's name", async () => {
    writeFileSync(join(work, "file"), "");
    await expect(write(join(work, "file/run"), "1")).rejects.toMatchObject({
      code: "io",
      message: expect.stringContaining("file/run"),
    });
  });
});
