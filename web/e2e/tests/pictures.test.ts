import assert from 'node:assert/strict';
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { tour } from '../harness/tour.ts';
import { world } from '../harness/suite.ts';

const it = world();
const IMAGES = fileURLToPath(new URL('../../../docs/images/', import.meta.url));
/** Where every state goes, to be looked at; only the main ones are kept in docs. */
const ALL = process.env.ANTIPHON_E2E_PICTURES;
const MOST_BYTES = 150_000;
const KEPT: Record<number, string[]> = {
  1280: ['chat-empty', 'answer-voting', 'answer-proof', 'session-grant', 'task', 'network', 'verify-failed'],
  390: ['answer-voting', 'answer-proof', 'verify-failed'],
};

const skip = process.env.ANTIPHON_SCREENSHOTS === '1' ? false : 'ANTIPHON_SCREENSHOTS=1 makes them';

for (const width of [1280, 390]) {
  test(`pictures of the main states, light and dark, ${width} px`, { skip }, async () => {
    await mkdir(IMAGES, { recursive: true });
    await tour(it, { width, reducedMotion: true }, async (page: Page, state: string) => {
      for (const theme of ['dark', 'light'] as const) {
        await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
        const name = `${state}-${theme}-${width}.png`;
        if (ALL) await page.screenshot({ path: join(ALL, name) });
        if (KEPT[width]?.includes(state)) await keep(page, join(IMAGES, name));
      }
    });
  });
}

async function keep(page: Page, path: string): Promise<void> {
  await page.screenshot({ path, animations: 'disabled', caret: 'hide' });
  const { size } = await stat(path);
  assert.ok(size <= MOST_BYTES, `${path}: ${size} bytes, want at most ${MOST_BYTES}`);
}
