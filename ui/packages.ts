/** Whose work is in the built page, by the lock: what About says is what was installed. */

import { readFileSync } from "node:fs";
import type { Plugin } from "vite";

export interface Package {
  name: string;
  version: string;
  license: string;
}

interface Lock {
  packages: Record<string, { version?: string; license?: string; dev?: boolean; optional?: boolean }>;
}

const FOLDER = "node_modules/";

export function packagesOf(lock: Lock): Package[] {
  return Object.entries(lock.packages)
    .filter(([path, each]) => path.startsWith(FOLDER) && !each.dev && !each.optional && each.version)
    .map(([path, each]) => ({
      name: path.slice(path.lastIndexOf(FOLDER) + FOLDER.length),
      version: each.version ?? "",
      license: each.license ?? "not told",
    }))
    .filter((each) => !each.name.startsWith("@types/"))
    .sort((a, b) => a.name.localeCompare(b.name));
}

const NAME = "virtual:packages";

export function packages(lock: URL): Plugin {
  return {
    name: "packages",
    resolveId: (id) => (id === NAME ? `\0${NAME}` : undefined),
    load(id) {
      if (id !== `\0${NAME}`) return undefined;
      return `export default ${JSON.stringify(packagesOf(JSON.parse(readFileSync(lock, "utf8")) as Lock))};`;
    },
  };
}
