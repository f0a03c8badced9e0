// Seconds from Enter to the verified text, median of ten questions on the local network, with the
// stages in between. Printed, never asserted: it measures the machine too.
import { App } from './harness/app.ts';
import { launch, visit } from './harness/browser.ts';
import { theNetwork } from './harness/network.ts';
import { question } from './harness/people.ts';

const RUNS = 10;
const TOKENS = 64;

/** Runs in the page: notes when the card of the newest answer reaches each stage. */
function watchStages(): void {
  const notes: [string, number][] = [];
  Object.assign(window, { __stages: notes });
  let last = '';
  const look = () => {
    const card = [...document.querySelectorAll('[data-test="answer-card"]')].at(-1);
    const text = card?.querySelector('[data-test="answer-text"]') ? 'text' : (card?.getAttribute('data-stage') ?? '');
    if (text !== last) notes.push([text, performance.now()]);
    last = text;
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true });
}

async function once(app: App): Promise<Map<string, number>> {
  await app.newConversation();
  const start = await app.page.evaluate(() => {
    (window as unknown as { __stages: unknown[] }).__stages.length = 0;
    return performance.now();
  });
  await app.verified(await app.ask(question('Write a few lines about')));
  const notes = await app.page.evaluate(() => (window as unknown as { __stages: [string, number][] }).__stages);
  return new Map(notes.map(([stage, at]) => [stage, (at - start) / 1000]));
}

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

const { files } = await theNetwork();
const browser = await launch();
const runs: Map<string, number>[] = [];
await visit(browser, { url: files }, async ({ page }) => {
  const app = new App(page);
  await app.useGuest();
  await app.closePanel();
  await page.evaluate(watchStages);
  await app.at('settingsToggle').click();
  await app.at('setMaxTokens').fill(String(TOKENS));
  await app.at('settingsToggle').click();
  for (let run = 0; run < RUNS; run += 1) runs.push(await once(app));
});
await browser.close();

const stages = [...new Set(runs.flatMap((run) => [...run.keys()]))].filter((stage) => stage !== '');
console.log(`Enter to verified text, median of ${RUNS}, answers of at most ${TOKENS} tokens:`);
const timesOf = (stage: string) => runs.map((run) => run.get(stage)).filter((time) => time !== undefined);
const seen = stages.map((stage) => [stage, timesOf(stage)] as const).filter(([, times]) => times.length > RUNS / 2);
for (const [stage, times] of seen.sort(([, a], [, b]) => median(a) - median(b))) {
  console.log(`  ${stage.padEnd(12)} ${median(times).toFixed(2)} s`);
}
