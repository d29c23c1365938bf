/** Which files a page of the built dashboard takes, packed: held to what the first page and any other may cost. */

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";

/** Where the build leaves what imports what; as long as what it was built with stays. */
const KEPT = new URL("./node_modules/.chunks.json", import.meta.url);
const BUILT = new URL("../plugins/octobot_plugins/dashboard/static/", import.meta.url);
/** Of packed script, in bytes. */
const FIRST_MAX = 200_000;
const MORE_MAX = 150_000;
const FIRST = ["/routes/_app.tsx", "/routes/_app/index.tsx"];

interface Chunk {
  file: string;
  /** The module that it is of, where it is of one. */
  of: string;
  entry: boolean;
  imports: string[];
  /** What it loads when that is wanted. */
  later: string[];
}

export function chunks(): Plugin {
  return {
    name: "chunks",
    writeBundle(_options, bundle) {
      const found: Chunk[] = Object.values(bundle).flatMap((each) =>
        each.type === "chunk"
          ? [
              {
                file: each.fileName,
                of: each.facadeModuleId ?? "",
                entry: each.isEntry,
                imports: each.imports,
                later: each.dynamicImports,
              },
            ]
          : [],
      );
      writeFileSync(KEPT, JSON.stringify(found));
    },
  };
}

/** What is loaded with these, and what with that; `parts` of them too, that are loaded when they are wanted. */
function all(kept: ReadonlyMap<string, Chunk>, from: readonly Chunk[], parts = false): Set<string> {
  const seen = new Set<string>();
  const go = (file: string): void => {
    const chunk = kept.get(file);
    if (seen.has(file) || !chunk) return;
    seen.add(file);
    for (const each of chunk.imports) go(each);
    // The entry's own are the other pages.
    if (parts && !chunk.entry) for (const each of chunk.later) go(each);
  };
  for (const each of from) go(each.file);
  return seen;
}

function check(): string[] {
  const read = JSON.parse(readFileSync(KEPT, "utf8")) as Chunk[];
  const kept = new Map(read.map((each) => [each.file, each]));
  const packed = new Map<string, number>();
  const size = (files: Iterable<string>) => {
    let sum = 0;
    for (const file of files) {
      if (!packed.has(file)) packed.set(file, gzipSync(readFileSync(new URL(file, BUILT)), { level: 9 }).length);
      sum += packed.get(file) ?? 0;
    }
    return sum;
  };
  const isOf = (each: Chunk, route: string) => each.of.split("?")[0]?.endsWith(route) ?? false;
  const first = all(
    kept,
    read.filter((each) => each.entry || FIRST.some((route) => isOf(each, route))),
  );
  const wrong: string[] = [];
  const told = (what: string, bytes: number, most: number) => {
    const line = `${what}: ${(bytes / 1000).toFixed(1)} kB of packed script, ${most / 1000} at most`;
    if (bytes > most) wrong.push(line);
    return line;
  };
  process.stdout.write(`${told("the overview", size(first), FIRST_MAX)}\n`);
  const pages = read.filter((each) => FIRST.some((route) => isOf(each, route)));
  const whole = new Set([...first, ...all(kept, pages, true)]);
  process.stdout.write(`${told("the overview with every part that it may open", size(whole), FIRST_MAX)}\n`);
  let largest = { file: "", bytes: 0 };
  for (const each of read.filter((chunk) => !chunk.entry && chunk.of)) {
    const bytes = size([...all(kept, [each])].filter((file) => !first.has(file)));
    told(each.of.split("/src/").at(-1) ?? each.file, bytes, MORE_MAX);
    if (bytes > largest.bytes) largest = { file: each.of.split("/src/").at(-1) ?? each.file, bytes };
  }
  process.stdout.write(
    `most that anything takes beside it: ${(largest.bytes / 1000).toFixed(1)} kB, ${largest.file}\n`,
  );
  if (first.size < 5) wrong.push("the overview is of fewer files than it can be: is it still called so?");
  return wrong;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const wrong = check();
  for (const each of wrong)
    process.stderr.write(`too large: ${each}; see what of it is wanted at once (${fileURLToPath(KEPT)})\n`);
  process.exit(wrong.length > 0 ? 1 : 0);
}
