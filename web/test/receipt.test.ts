import { describe, expect, it } from 'vitest';
import { checkReceipt } from '../src/core/receipt';
import { testdata } from './vectors';

interface Sample {
  file: string;
  ok: boolean;
  failed: string[];
  about: string;
}

const samples = JSON.parse(testdata('receipts/index.json')) as Sample[];

describe('receipts', () => {
  it.each(samples)('$file: $about', async ({ file, ok, failed }) => {
    const report = await checkReceipt(testdata(`receipts/${file}`));
    expect(report.checks.filter((check) => !check.ok).map(({ name }) => name)).toEqual(failed);
    expect(report.ok).toBe(ok);
    expect(report.checks.every(({ detail }) => detail.length > 0)).toBe(true);
  });

  it('Demand 5: any flipped byte is noticed, and the check that failed is named', async () => {
    const text = testdata('receipts/ok-final.json');
    const step = Math.max(1, Math.floor(text.length / 400));
    for (let at = 0; at < text.length; at += step) {
      const flipped = String.fromCharCode(text.charCodeAt(at) ^ 1);
      const report = await checkReceipt(text.slice(0, at) + flipped + text.slice(at + 1));
      expect(report.ok, `byte ${at}`).toBe(false);
      expect(report.checks.find((check) => !check.ok)?.name).toBeTruthy();
    }
  });

  it('are refused as such when they are anything else', async () => {
    for (const text of ['', '{}', 'null', '[]', testdata('receipts/ok-final.json') + '\n', '{"a":1}'.repeat(200_000)]) {
      const { ok, checks } = await checkReceipt(text);
      expect(ok).toBe(false);
      expect(checks.map(({ name }) => name)).toEqual(['form']);
    }
  });
});
