// Lighthouse's figures for a phone, median of five: printed, never asserted.
import { launch as launchChrome } from 'chrome-launcher';
import lighthouse from 'lighthouse';
import { chromiumPath } from '../harness/browser.ts';
import { theNetwork } from '../harness/network.ts';

const RUNS = Number(process.env.ANTIPHON_LIGHTHOUSE_RUNS ?? 5);
const CATEGORIES = ['performance', 'accessibility', 'best-practices', 'seo'];
const AUDITS = ['first-contentful-paint', 'largest-contentful-paint', 'total-blocking-time', 'cumulative-layout-shift'];

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

const { files } = await theNetwork();
const figures = new Map<string, number[]>();
const note = (name: string, value: number) => figures.set(name, [...(figures.get(name) ?? []), value]);
for (let run = 0; run < RUNS; run += 1) {
  const chrome = await launchChrome({
    chromePath: chromiumPath(),
    chromeFlags: ['--headless', '--no-sandbox', '--disable-gpu'],
  });
  try {
    const result = await lighthouse(files, { port: chrome.port, onlyCategories: CATEGORIES, logLevel: 'error' });
    if (!result) throw new Error('Lighthouse gave no result');
    for (const name of CATEGORIES) note(name, (result.lhr.categories[name]?.score ?? 0) * 100);
    for (const name of AUDITS) note(name, result.lhr.audits[name]?.numericValue ?? NaN);
    for (const audit of Object.values(result.lhr.audits)) {
      if (run === 0 && audit.score !== null && audit.score < 0.9)
        console.log(`  to improve: ${audit.id}: ${audit.title}`);
    }
  } finally {
    chrome.kill();
  }
}
console.log(`Lighthouse, phone, median of ${RUNS}:`);
for (const [name, values] of figures)
  console.log(`  ${name.padEnd(26)} ${median(values).toFixed(name.includes('shift') ? 3 : 0)}`);
