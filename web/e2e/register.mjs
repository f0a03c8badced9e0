// Runs TypeScript by leaving the types out: Node 20 has no such switch, and the tests need no bundler.
import { readFile } from 'node:fs/promises';
import { register } from 'node:module';
import { pathToFileURL } from 'node:url';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) register(import.meta.url, pathToFileURL('./'));

/** Node's loader hook: `.ts` files become JavaScript with the same line numbers. */
export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  const { transformSync } = await import('amaro');
  const source = await readFile(new URL(url), 'utf8');
  return { format: 'module', shortCircuit: true, source: transformSync(source, { mode: 'strip-only' }).code };
}
