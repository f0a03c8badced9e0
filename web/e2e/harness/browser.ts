// A person's browser: a fresh profile, everything it asks of the network written down, everything a
// screen reader would say counted.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { availableParallelism, loadavg } from 'node:os';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import type { FakeKeplr } from './keplr.ts';

const PROGRAMS = [
  process.env.ANTIPHON_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** Time a step may take: answers on a busy two-core machine included. */
export const PATIENCE = 120_000;

/** Time of something that is promised in seconds: on a machine with more to do than it can, only that it comes. */
export const promised = (ms: number): number => (loadavg()[0]! > availableParallelism() ? PATIENCE : ms);

/** Polls until this holds, or long after it should; then the caller's own check says what is wrong. */
export async function eventually(holds: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + PATIENCE;
  while (Date.now() < end && !(await holds())) await new Promise((done) => setTimeout(done, 100));
}

export interface VisitOptions {
  url: string;
  keplr?: FakeKeplr;
  theme?: 'light' | 'dark';
  width?: number;
  reducedMotion?: boolean;
}
export interface Request {
  url: string;
  method: string;
  /** Stopped by the page's own policy before it left the browser. */
  blocked: boolean;
}
export interface Visit {
  context: BrowserContext;
  page: Page;
  requests: Request[];
  /** What a screen reader would have said since the page was loaded, in order. */
  announcements(): Promise<string[]>;
}

export function chromiumPath(): string {
  const path = PROGRAMS.find((program) => program && existsSync(program));
  if (!path) throw new Error('no Chromium: apt-get install chromium, or name it in ANTIPHON_CHROMIUM');
  return path;
}

/** Starts Chromium, with more switches if a test needs them. */
export async function launch(more: string[] = []): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath(), headless: true, args: [...FLAGS, ...more] });
}

/** Runs `work` in a fresh profile; fails if the page threw anything nobody caught. */
export async function visit<T>(
  browser: Browser,
  options: VisitOptions,
  work: (visit: Visit) => Promise<T>,
): Promise<T> {
  const context = await browser.newContext({
    viewport: { width: options.width ?? 1280, height: 860 },
    colorScheme: options.theme ?? 'light',
    reducedMotion: options.reducedMotion ? 'reduce' : 'no-preference',
    locale: 'en-GB',
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  context.setDefaultTimeout(PATIENCE);
  const requests = record(context);
  const thrown: string[] = [];
  context.on('weberror', (error) => thrown.push(String(error.error().stack ?? error.error())));
  await context.addInitScript(listenToLiveRegions);
  await options.keplr?.install(context);
  try {
    const page = await context.newPage();
    await page.goto(options.url);
    const announcements = () => page.evaluate(() => (window as unknown as { __said: string[] }).__said);
    const result = await work({ context, page, requests, announcements });
    assert.deepEqual(thrown, [], 'errors nobody caught in the page');
    return result;
  } catch (error) {
    await keepPicture(context, error as Error);
    throw error;
  } finally {
    await context.close();
  }
}

function record(context: BrowserContext): Request[] {
  const requests: Request[] = [];
  const known = new Map<unknown, Request>();
  context.on('request', (request) => {
    const one = { url: request.url(), method: request.method(), blocked: false };
    if (!/^https?:|^wss?:/.test(one.url)) return;
    known.set(request, one);
    requests.push(one);
  });
  context.on('requestfailed', (request) => {
    const one = known.get(request);
    if (one && /csp|BLOCKED/i.test(request.failure()?.errorText ?? '')) one.blocked = true;
  });
  context.on('page', (page) =>
    page.on('websocket', (socket) => requests.push({ url: socket.url(), method: 'WS', blocked: false })),
  );
  return requests;
}

/** Hosts that were really talked to. */
export function hosts(requests: Request[]): string[] {
  const left = requests.filter((request) => !request.blocked);
  return [...new Set(left.map((request) => new URL(request.url).host))].sort();
}

/** Runs in the page: writes down every text that appears in a live region. */
function listenToLiveRegions(): void {
  const said: string[] = [];
  const before = new WeakMap<Element, string>();
  Object.assign(window, { __said: said });
  const regions = '[aria-live="polite"],[aria-live="assertive"],[role="status"],[role="alert"],[role="log"],output';
  const look = () => {
    for (const region of document.querySelectorAll(regions)) {
      if (region.getAttribute('aria-live') === 'off') continue;
      const text = (region.textContent ?? '').trim();
      if (text !== '' && text !== before.get(region)) said.push(text);
      before.set(region, text);
    }
  };
  const options = { subtree: true, childList: true, characterData: true };
  new MutationObserver(look).observe(document, options);
}

async function keepPicture(context: BrowserContext, error: Error): Promise<void> {
  const folder = process.env.ANTIPHON_E2E_PICTURES;
  const page = context.pages()[0];
  if (!folder || !page) return;
  const path = `${folder}/failed-${Date.now()}.png`;
  await page.screenshot({ path }).catch(() => undefined);
  error.message += `\n(the page then: ${path})`;
}

const require = createRequire(import.meta.url);
let axe: string | undefined;

/** Violations of WCAG 2.0 to 2.2 (A, AA) and of best practice on the page as it is now. */
export async function axeViolations(page: Page): Promise<string[]> {
  axe ??= await readFile(require.resolve('axe-core/axe.min.js'), 'utf8');
  // By the debugger: the page's policy forbids inline scripts and eval.
  const debug = await page.context().newCDPSession(page);
  await debug.send('Runtime.evaluate', { expression: axe });
  await debug.detach();
  return page.evaluate(async () => {
    const { run } = (window as unknown as { axe: { run(options: object): Promise<{ violations: Violation[] }> } }).axe;
    interface Violation {
      id: string;
      help: string;
      nodes: { html: string; failureSummary?: string }[];
    }
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const { violations } = await run({ runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] });
    return violations.map(
      ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((n) => `${n.html} (${n.failureSummary})`).join(' | ')}`,
    );
  });
}
