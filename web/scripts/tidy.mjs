// House rules that a formatter does not know: files of at most 400 lines, no hosts of package registries.
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const WEB = join(dirname(fileURLToPath(import.meta.url)), '..');
const MAX_LINES = 400;
const GENERATED = new Set(['src/core/contract-types.ts', 'package-lock.json']);
const SKIPPED = new Set(['node_modules', 'dist']);
const CHECKED = /\.(?:ts|tsx|mjs|js|css|html)$/;

function files(folder) {
  return readdirSync(folder)
    .filter((name) => !SKIPPED.has(name))
    .map((name) => join(folder, name))
    .flatMap((path) => (statSync(path).isDirectory() ? files(path) : [path]));
}

const complaints = [];
for (const path of files(WEB)) {
  const name = relative(WEB, path);
  if (!CHECKED.test(name) || GENERATED.has(name)) continue;
  const lines = readFileSync(path, 'utf8').split('\n').length - 1;
  if (lines > MAX_LINES) complaints.push(`${name}: ${lines} lines, want at most ${MAX_LINES}; split it`);
}
if (/"resolved":/.test(readFileSync(join(WEB, 'package-lock.json'), 'utf8'))) {
  complaints.push('package-lock.json names a registry: install with the .npmrc of this folder');
}
for (const complaint of complaints) console.error(complaint);
process.exitCode = complaints.length > 0 ? 1 : 0;
