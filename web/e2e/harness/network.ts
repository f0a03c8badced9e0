// One real local network for the whole run: a child of this process, stopped in every case.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** What `antiphon-localnet start --json` prints when all is up. */
export interface Facts {
  chain_id: string;
  denom: string;
  prefix: string;
  gas_price: string;
  rpc: string;
  rest: string;
  code_id: number;
  contract: string;
  model: number;
  manifest: string;
  gateway: string | null;
  faucet: string | null;
  keys: Record<string, string>;
  workers: { address: string; endpoint: string }[];
  processes: Record<string, number>;
}

export interface RunningNetwork {
  facts: Facts;
  home: string;
  stop(): Promise<void>;
}

const START_SECONDS = 180;
const STOP_SECONDS = 20;

/** Starts the network with the page at `web` and waits until everything answers. */
export async function startNetwork(web: string, workers = 5): Promise<RunningNetwork> {
  const folder = process.env.ANTIPHON_BIN_DIR;
  if (!folder)
    throw new Error(
      'ANTIPHON_BIN_DIR is not set: run this by `cargo ci --only browser`, or set what `cargo xtask setup` prints',
    );
  const home = await mkdtemp(join(tmpdir(), 'antiphon-page-'));
  const options = ['start', '--home', join(home, 'net'), '--block-time', '100', '--web', web, '--json'];
  options.push('--workers', String(workers));
  const child = spawn(join(folder, 'antiphon-localnet'), options, { stdio: ['ignore', 'pipe', 'pipe'] });
  // Also when this process ends by an error or a signal in between.
  process.on('exit', () => child.kill('SIGINT'));
  const stop = async () => {
    await end(child);
    await rm(home, { recursive: true, force: true });
  };
  try {
    return { facts: await factsOf(child), home: join(home, 'net'), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function factsOf(child: ChildProcess): Promise<Facts> {
  const said: string[] = [];
  createInterface({ input: child.stderr! }).on('line', (line) => said.push(line));
  return new Promise((done, fail) => {
    const timer = setTimeout(
      () => fail(new Error(`no network after ${START_SECONDS} s:\n${said.join('\n')}`)),
      START_SECONDS * 1000,
    );
    child.once('exit', (code) => fail(new Error(`the network ended with ${code}:\n${said.join('\n')}`)));
    child.once('error', fail);
    createInterface({ input: child.stdout! }).on('line', (line) => {
      if (!line.startsWith('{')) return;
      clearTimeout(timer);
      done(JSON.parse(line) as Facts);
    });
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((done) => child.once('exit', done));
  child.kill('SIGINT');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_SECONDS * 1000);
  await gone;
  clearTimeout(timer);
}

/** The network that `run.ts` started for the test files. */
export async function theNetwork(): Promise<{ facts: Facts; files: string }> {
  const { ANTIPHON_E2E_FACTS: path, ANTIPHON_E2E_STATIC: files } = process.env;
  if (!path || !files) throw new Error('no network: start the tests by `npm run e2e`');
  return { facts: JSON.parse(await readFile(path, 'utf8')) as Facts, files };
}

/** Freezes workers, as a cut cable would, for as long as `work` takes. */
export async function withoutWorkers<T>(facts: Facts, howMany: number, work: () => Promise<T>): Promise<T> {
  return paused(workerPids(facts).slice(0, howMany), work);
}

/** Freezes the chain's node for as long as `work` takes. */
export async function withoutNode<T>(facts: Facts, work: () => Promise<T>): Promise<T> {
  return paused([facts.processes.wasmd!], work);
}

/** Freezes the beacon: what is asked meanwhile waits for its draw. */
export async function withoutBeacon<T>(facts: Facts, work: () => Promise<T>): Promise<T> {
  return paused([facts.processes.beacon!], work);
}

function workerPids(facts: Facts): number[] {
  const named = Object.entries(facts.processes).filter(([name]) => name.startsWith('worker'));
  return named.sort(([a], [b]) => a.localeCompare(b)).map(([, pid]) => pid);
}

async function paused<T>(pids: number[], work: () => Promise<T>): Promise<T> {
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  try {
    return await work();
  } finally {
    for (const pid of pids) process.kill(pid, 'SIGCONT');
  }
}
