// What the page loads before anything is asked for: the modules that `main.tsx` imports, and what these import.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const SRC = fileURLToPath(new URL('../src/', import.meta.url));
/** An import of values, not of types only, and not an `import()`. */
const IMPORT = /^(?:import|export)\s+(?!type\b)(?:[^'"]*?from\s+)?['"](\.[^'"]*)['"]/gm;

function fileOf(from: string, wanted: string): string | null {
  const base = join(dirname(from), wanted);
  const names = [base, `${base}.ts`, `${base}.tsx`, join(base, 'index.ts')];
  return names.find((name) => /\.tsx?$/.test(name) && existsSync(name)) ?? null;
}

/** Paths below `src/` of all modules of the first load. */
export function firstLoad(entry = 'main.tsx'): string[] {
  const seen = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const [, wanted = ''] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
      const next = fileOf(file, wanted);
      if (next) visit(next);
    }
  };
  visit(join(SRC, entry));
  return [...seen].map((file) => relative(SRC, file)).sort();
}
