import { readFileSync } from 'node:fs';

/** A file of the repository's testdata. */
export function testdata(path: string): string {
  return readFileSync(new URL(`../../testdata/${path}`, import.meta.url), 'utf8');
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any
export const vectors = (name: string): any => JSON.parse(testdata(`vectors/${name}.json`));
