import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
// @ts-expect-error a plain script without types
import { ALL_CHUNKS, FIRST_LOAD, measure } from '../scripts/budget.mjs';

const dist = mkdtempSync(join(tmpdir(), 'antiphon-budget-'));

describe('the built page', () => {
  beforeAll(async () => {
    // As `npm run build` makes it: under "test" the packages' development halves would be built and weighed.
    vi.stubEnv('NODE_ENV', 'production');
    await build({ logLevel: 'error', build: { outDir: dist, emptyOutDir: true } });
    vi.unstubAllEnvs();
  }, 60_000);
  afterAll(() => rmSync(dist, { recursive: true, force: true }));

  it('Demand 8: loads at most 60 KB first and 150 KB in all, gzipped', () => {
    const { first, all } = measure(dist);
    expect(first).toBeGreaterThan(5_000);
    expect(first).toBeLessThanOrEqual(FIRST_LOAD);
    expect(all).toBeLessThanOrEqual(ALL_CHUNKS);
  });

  it('loads what signs, verifies and renders markdown only when it is needed', () => {
    const { files } = measure(dist);
    const first = files.filter((file: { first: boolean }) => file.first).map((file: { file: string }) => file.file);
    expect(first.join()).not.toMatch(/signer|keplr|session|receipt|markdown|keystore/);
  });

  it('Demand 14: names no host, and has no script or style within the page', () => {
    const html = readFileSync(join(dist, 'index.html'), 'utf8');
    expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=/);
    const links = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, link]) => link);
    expect(links.length).toBeGreaterThan(0);
    expect(links.every((link) => link.startsWith('./') || link.startsWith('data:') || link.startsWith('#'))).toBe(true);
    const policy = /Content-Security-Policy"\s+content="([^"]*)"/.exec(html)?.[1] ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).not.toMatch(/unsafe|script-src[^;]*http/);
  });
});
