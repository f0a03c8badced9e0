// Starts one real network, runs the tests (or another script) against it, stops it in every case.
//   npm run e2e [-- tests/ask.test.ts --test-name-pattern=reload]
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

/** The command line of the child: a script by its name, else the test files. */
function childArguments([first, ...rest]: string[]): string[] {
  const script = first && SCRIPTS[first];
  if (script) return [...NODE, script, ...rest];
  const given = first ? [first, ...rest] : [];
  const files = given.filter((arg) => !arg.startsWith('-'));
  const all = readdirSync(join(HERE, 'tests'))
    .filter((name) => name.endsWith('.test.ts'))
    .sort();
  const options = [
    '--test',
    '--test-concurrency=1',
    '--test-reporter=spec',
    ...given.filter((arg) => arg.startsWith('-')),
  ];
  return [...NODE, ...options, ...(files.length ? files : all.map((name) => `tests/${name}`))];
}

let passOn = (_signal: NodeJS.Signals): void => process.exit(130);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => passOn(signal));

async function run(): Promise<number> {
  if (!existsSync(join(PAGE, 'index.html'))) throw new Error('no page in web/dist: run `npm run build` in web/ first');
  const scratch = await mkdtemp(join(tmpdir(), 'antiphon-facts-'));
  const network = await startNetwork(PAGE);
  const files = await serveFiles(PAGE, network.facts);
  try {
    const facts = join(scratch, 'facts.json');
    await writeFile(facts, JSON.stringify(network.facts), { mode: 0o600 });
    return await child({ ANTIPHON_E2E_FACTS: facts, ANTIPHON_E2E_STATIC: files.url });
  } finally {
    await files.stop();
    await network.stop();
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Runs until it ends by itself; a signal to this process is passed on, so that the network is stopped after it. */
function child(env: Record<string, string>): Promise<number> {
  const options = { cwd: HERE, env: { ...process.env, ...env }, stdio: 'inherit' } as const;
  const running = spawn(process.execPath, childArguments(process.argv.slice(2)), options);
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
