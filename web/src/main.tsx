/** Starts the page. */
import { render } from 'preact';
import './styles/main.css';
import { App } from './app';
import { startRouter } from './router';
import { pickUp, runningCount } from './state/asks';
import { startChats } from './state/chats';
import { startClock } from './state/clock';
import { startComposer } from './state/composer';
import { bootNetwork } from './state/network';
import { startPrefs } from './state/prefs';
import { refreshAccount, startWallet } from './state/wallet';
import { loadModelNames } from './state/names';
import { effect } from '@preact/signals';

async function start(root: HTMLElement): Promise<void> {
  startRouter();
  startClock();
  startComposer();
  const network = bootNetwork();
  await startPrefs();
  render(<App />, root);
  await Promise.all([startChats(), network]);
  pickUp();
  await startWallet();
  void loadModelNames();
  followMoney();
}

/** The account's figures change with every question, and by themselves when a task is settled. */
function followMoney(): void {
  effect(() => {
    void runningCount.value;
    void refreshAccount();
  });
  setInterval(() => {
    if (!document.hidden) void refreshAccount();
  }, 10_000);
}

const root = document.getElementById('app');
if (root) void start(root);
