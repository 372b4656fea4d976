import { homedir } from "node:os";
import { join } from "node:path";

/** The user's cache folder for sigmax: XDG on Linux, Library/Caches on macOS, LOCALAPPDATA on Windows. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env, platform: NodeJS.Platform = process.platform): string {
  if (env.XDG_CACHE_HOME) return join(env.XDG_CACHE_HOME, "sigmax");
  if (platform === "darwin") return join(homedir(), "Library", "Caches", "sigmax");
  if (platform === "win32" && env.LOCALAPPDATA) return join(env.LOCALAPPDATA, "sigmax", "Cache");
  return join(homedir(), ".cache", "sigmax");
}
