// Starts one real network, runs the tests (or another script) against it, stops it in every case.
//   npm run e2e [-- tests/ask.test.ts --test-name-pattern=reload]
// Tests under tests/large/ need more workers than a committee: they get a second network, after the first is stopped.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startNetwork } from './harness/network.ts';
import { serveFiles } from './harness/static.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const PAGE = join(HERE, '../dist');
const NODE = ['--import', './register.mjs'];
const SCRIPTS: Record<string, string> = { timing: 'timing.ts', lighthouse: 'lighthouse/main.ts' };

/** A committee of five, and the eleven others that a round after it needs. */
const MANY = 16;
const LARGE = 'tests/large/';

/** What is run on one network. */
interface Part {
  workers: number;
  args: string[];
}

/** A script by its name, else the test files, by the network they need. */
function parts([first, ...rest]: string[]): Part[] {
  const script = first && SCRIPTS[first];
  if (script) return [{ workers: 5, args: [...NODE, script, ...rest] }];
  const given = first ? [first, ...rest] : [];
  const named = given.filter((arg) => !arg.startsWith('-'));
  const files = named.length > 0 ? named : [...testsIn('tests/'), ...testsIn(LARGE)];
  const options = [
    '--test',
    '--test-concurrency=1',
    '--test-reporter=spec',
    ...given.filter((arg) => arg.startsWith('-')),
  ];
  const part = (workers: number, of: string[]): Part => ({ workers, args: [...NODE, ...options, ...of] });
  const [large, small] = [files.filter(isLarge), files.filter((file) => !isLarge(file))];
  return [...(small.length > 0 ? [part(5, small)] : []), ...(large.length > 0 ? [part(MANY, large)] : [])];
}

const isLarge = (file: string): boolean => file.includes(LARGE);

function testsIn(folder: string): string[] {
  const names = readdirSync(join(HERE, folder)).filter((name) => name.endsWith('.test.ts'));
  return names.sort().map((name) => folder + name);
}

let passOn = (_signal: NodeJS.Signals): void => process.exit(130);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => passOn(signal));

async function run(): Promise<number> {
  let failed = 0;
  for (const part of parts(process.argv.slice(2))) failed = Math.max(failed, await runPart(part));
  return failed;
}

async function runPart({ workers, args }: Part): Promise<number> {
  if (!existsSync(join(PAGE, 'index.html'))) throw new Error('no page in web/dist: run `npm run build` in web/ first');
  const scratch = await mkdtemp(join(tmpdir(), 'antiphon-facts-'));
  const network = await startNetwork(PAGE, workers);
  const files = await serveFiles(PAGE, network.facts);
  try {
    const facts = join(scratch, 'facts.json');
    await writeFile(facts, JSON.stringify(network.facts), { mode: 0o600 });
    return await child(args, { ANTIPHON_E2E_FACTS: facts, ANTIPHON_E2E_STATIC: files.url });
  } finally {
    await files.stop();
    await network.stop();
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Runs until it ends by itself; a signal to this process is passed on, so that the network is stopped after it. */
function child(args: string[], env: Record<string, string>): Promise<number> {
  const options = { cwd: HERE, env: { ...process.env, ...env }, stdio: 'inherit' } as const;
  const running = spawn(process.execPath, args, options);
  passOn = (signal) => void running.kill(signal);
  return new Promise((done, fail) => {
    running.once('error', fail);
    running.once('exit', (code) => done(code ?? 1));
  });
}

run().then(
  (code) => process.exit(code),
  (error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  },
);
