// The page as a person uses it, by the stable names of src/ui/test-ids.ts.
import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';
import { testIds } from '../../src/ui/test-ids.ts';
import { PATIENCE } from './browser.ts';

type Name = keyof typeof testIds;

/** The stages after which the text is on the screen. */
const VERIFIED = ['verified', 'final'];

export class App {
  readonly page: Page;
  constructor(page: Page) {
    this.page = page;
  }

  /** An element by its stable name, narrowed by further `data-` attributes. */
  at(name: Name, data: Record<string, string> = {}, inside?: Locator): Locator {
    return (inside ?? this.page).locator(selector(name, data));
  }

  /** Waits until the element has one of the values. */
  async has(target: Locator, attribute: string, values: string[], patience = PATIENCE): Promise<string> {
    const end = Date.now() + patience;
    let seen: string | null = null;
    while (Date.now() < end) {
      seen = await target.getAttribute(attribute, { timeout: Math.max(1, end - Date.now()) });
      if (seen !== null && values.includes(seen)) return seen;
      await this.page.waitForTimeout(50);
    }
    throw new Error(`${attribute} is ${seen} after ${patience} ms, want ${values.join(' or ')}`);
  }

  /** Waits until the element says this; all that it says then. */
  async says(target: Locator, words: RegExp): Promise<string> {
    const saying = target.filter({ hasText: words });
    await saying.first().waitFor();
    return saying.first().innerText();
  }

  /** Waits until the element has the focus: effects give it, after the page was painted. */
  async focused(name: Name): Promise<void> {
    await this.at(name).and(this.page.locator(':focus')).waitFor();
  }

  /** The same person in another tab. */
  in(page: Page): App {
    return new App(page);
  }

  /** The account that asks, whole. */
  async address(): Promise<string> {
    await this.openPanel();
    const address = await this.at('cid', {}, this.at('walletAddress')).getAttribute('data-cid');
    await this.closePanel();
    return address!;
  }

  /** Goes to a page of the app by its fragment, such as `#/tasks`. */
  async go(hash: string): Promise<void> {
    await this.page.evaluate((to) => void (location.hash = to), hash);
  }

  /** A guest key with coins from the faucet. */
  async useGuest(): Promise<void> {
    await this.openPanel();
    await this.at('walletGuest').click();
    await this.has(this.at('walletButton'), 'data-state', ['ready']);
    await this.closePanel();
  }

  /** Connects the wallet; whoever calls says what it will answer. */
  async useWallet(): Promise<void> {
    await this.openPanel();
    await this.at('walletKeplr').click();
  }

  async useReadyWallet(): Promise<void> {
    await this.useWallet();
    await this.has(this.at('walletButton'), 'data-state', ['ready']);
    await this.closePanel();
  }

  async closePanel(): Promise<void> {
    const end = Date.now() + PATIENCE;
    // The panel listens to the keyboard once it has been painted, which may be after it is seen here.
    while (await this.at('walletPanel').isVisible()) {
      if (Date.now() > end) throw new Error('the wallet panel does not close');
      await this.page.keyboard.press('Escape');
      await this.page.waitForTimeout(50);
    }
  }

  async openPanel(): Promise<void> {
    if (!(await this.at('walletPanel').isVisible())) await this.at('walletButton').click();
    await this.at('walletPanel').waitFor();
  }

  /** Fills the grant; whoever calls says what the wallet will answer. */
  async requestSession(calls = 20, deposit?: string): Promise<void> {
    await this.openPanel();
    await this.at('sessionStart').click();
    await this.at('grantCalls').fill(String(calls));
    if (deposit !== undefined) await this.at('grantDeposit').fill(deposit);
    await this.at('grantConfirm').click();
  }

  /** One signature that lets the tab ask `calls` questions. */
  async startSession(calls = 20, deposit?: string): Promise<void> {
    await this.requestSession(calls, deposit);
    await this.at('sessionBar', { state: 'active' }).waitFor();
    await this.at('grantDialog').waitFor({ state: 'hidden' });
  }

  /** Waits until no session is shown any more. */
  async sessionIsOver(): Promise<void> {
    const running = ['active', 'ending'].map((state) => selector('sessionBar', { state })).join(',');
    await this.page.locator(running).first().waitFor({ state: 'detached' });
  }

  /** An empty conversation: the cards of the one before are gone. */
  async newConversation(): Promise<void> {
    await this.at('conversationNew').click();
    await this.at('answerCard').first().waitFor({ state: 'detached' });
  }

  /** Types a question and presses Enter; the card of its answer. */
  async ask(question: string): Promise<Locator> {
    const before = await this.at('answerCard').count();
    await this.at('composerInput').fill(question);
    await this.at('composerInput').press('Enter');
    const card = this.at('answerCard').nth(before);
    await card.waitFor();
    return card;
  }

  /** Waits for the verified text and gives it. */
  async verified(card: Locator): Promise<string> {
    await this.settled(card, VERIFIED);
    return (await this.at('answerText', {}, card).innerText()).trim();
  }

  /** Moves the page's clock on, past every change it may see meanwhile, until it gives the task up. */
  async standsStill(card: Locator): Promise<void> {
    const end = Date.now() + PATIENCE;
    while (Date.now() < end && (await this.at('errorCard', {}, card).count()) === 0) {
      await this.page.clock.fastForward('11:00');
      await this.page.waitForTimeout(500);
    }
  }

  /** Waits until the card shows this failure; its sentence and its next step. */
  async failed(card: Locator, code: string, patience = PATIENCE): Promise<{ message: string; next: string }> {
    const error = this.at('errorCard', {}, card);
    await error.waitFor({ timeout: patience });
    assert.equal(await error.getAttribute('data-code'), code, await error.innerText());
    return this.words(error);
  }

  /** The sentence and the next step of an error, each there and neither a stack trace. */
  async words(error: Locator): Promise<{ message: string; next: string }> {
    const sentence = this.at('errorMessage', {}, error).or(this.at('hashMismatch', {}, error));
    const message = (await sentence.innerText()).trim();
    const next = (await this.at('errorNext', {}, error).innerText()).trim();
    assert.match(message, /^[A-Z].*[.]$/s, 'one plain sentence');
    assert.ok(next.length > 3, 'a next step');
    assert.doesNotMatch(await error.innerText(), /\bat \S+:\d+:\d+|undefined|\[object|NaN/, 'no raw trace');
    return { message, next };
  }

  /** Takes the next step that a failure offers; the failure goes once the page has taken it. */
  async goOn(card: Locator, step: 'errorAction' | 'retrySame'): Promise<void> {
    await this.at(step, {}, card).click();
    await this.at('errorCard', {}, card).waitFor({ state: 'detached' });
  }

  /** The task's number, once the chain gave one. */
  async taskOf(card: Locator): Promise<number> {
    await card.and(this.page.locator('[data-task]:not([data-task=""])')).waitFor();
    return Number(await card.getAttribute('data-task'));
  }

  private async settled(card: Locator, stages: string[]): Promise<void> {
    const failed = this.at('errorCard', {}, card);
    const reached = stages.map((stage) => `[data-stage="${stage}"]`).join(',');
    await card.and(this.page.locator(reached)).or(failed).first().waitFor();
    const [said] = await failed.allInnerTexts();
    if (said !== undefined) throw new Error(`the page says: ${said}`);
  }
}

function selector(name: Name, data: Record<string, string>): string {
  const more = Object.entries(data).map(([key, value]) => `[data-${key}="${value}"]`);
  return `[data-test="${testIds[name]}"]${more.join('')}`;
}
