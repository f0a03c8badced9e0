// What every test file starts with: the network that is up, a browser, the chain to check against.
import { after, before } from 'node:test';
import type { Browser } from 'playwright-core';
import { App } from './app.ts';
import { launch, visit, type Visit, type VisitOptions } from './browser.ts';
import { Chain } from './chain.ts';
import { theNetwork, type Facts } from './network.ts';

export interface World {
  browser: Browser;
  chain: Chain;
  facts: Facts;
  /** The page as plain files: no server of its own. */
  files: string;
}

/**
 * Opens the world before the file's first test and closes it after its last. `flags`: more switches for the browser;
 * `prepare`: what the network must be told first.
 */
export function world(
  flags: () => Promise<string[]> = async () => [],
  prepare: (chain: Chain) => Promise<void> = async () => undefined,
): World {
  const it = {} as World;
  before(async () => {
    const { facts, files } = await theNetwork();
    const chain = new Chain(facts);
    await prepare(chain);
    Object.assign(it, { facts, files, chain, browser: await launch(await flags()) });
  });
  after(() => it.browser?.close());
  return it;
}

/** A person at the page: a fresh profile, the app, and what they did. */
export function person<T>(
  it: World,
  { hash = '', ...options }: Partial<VisitOptions> & { hash?: string },
  work: (app: App, seen: Visit) => Promise<T>,
): Promise<T> {
  return visit(it.browser, { ...options, url: `${options.url ?? it.files}${hash}` }, (seen) =>
    work(new App(seen.page), seen),
  );
}
