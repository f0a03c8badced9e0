// Sizes of the built page, gzip -9, against the budgets (KB = 1000 bytes); `--json` for programs.
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';

export const FIRST_LOAD = 60_000;
export const ALL_CHUNKS = 150_000;
const DIST = join(dirname(fileURLToPath(import.meta.url)), '../dist');

function filesUnder(folder) {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesUnder(path) : [path];
  });
}

const gz = (path) => gzipSync(readFileSync(path), { level: 9 }).length;

/** Files that index.html loads by itself: its entries and what these import statically. */
function firstLoad(manifest) {
  const seen = new Set(['index.html']);
  const visit = (key) => {
    const chunk = manifest[key];
    if (!chunk || seen.has(chunk.file)) return;
    seen.add(chunk.file);
    for (const css of chunk.css ?? []) seen.add(css);
    for (const next of chunk.imports ?? []) visit(next);
  };
  for (const [key, chunk] of Object.entries(manifest)) if (chunk.isEntry) visit(key);
  return seen;
}

/** Each built script, style and page with its size, and the two sums. */
export function measure(dist = DIST) {
  const first = firstLoad(JSON.parse(readFileSync(join(dist, 'manifest.json'), 'utf8')));
  const files = filesUnder(dist)
    .map((path) => ({ file: relative(dist, path), path }))
    .filter(({ file }) => /\.(?:js|css|html)$/.test(file))
    .map(({ file, path }) => ({ file, gz: gz(path), first: first.has(file) }))
    .sort((a, b) => Number(b.first) - Number(a.first) || b.gz - a.gz);
  const sum = (list) => list.reduce((total, { gz }) => total + gz, 0);
  return { files, first: sum(files.filter((file) => file.first)), all: sum(files) };
}

function print({ files, first, all }) {
  const row = (name, size, note) =>
    console.log(`${name.padEnd(44)}${(size / 1000).toFixed(1).padStart(8)} KB  ${note}`);
  for (const { file, gz, first } of files) row(file, gz, first ? 'first load' : 'when needed');
  row('first load', first, `of ${FIRST_LOAD / 1000}`);
  row('all', all, `of ${ALL_CHUNKS / 1000}`);
}

function main() {
  const sizes = measure();
  if (process.argv.includes('--json')) console.log(JSON.stringify(sizes));
  else print(sizes);
  if (sizes.first > FIRST_LOAD || sizes.all > ALL_CHUNKS) {
    console.error('the page is over its budget: load more of it when it is needed, or less of it');
    process.exitCode = 1;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main();
