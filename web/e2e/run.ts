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

/** Runs of a file in all: on a busy machine another program may once be late; each failure stays in the output. */
const RUNS = 3;

/** What is run on one network: a script, or test files one after the other. */
interface Part {
  workers: number;
  args: string[];
  files: string[];
}

/** A script by its name, else the test files, by the network they need. */
function parts([first, ...rest]: string[]): Part[] {
  const script = first && SCRIPTS[first];
  if (script) return [{ workers: 5, args: [...NODE, script, ...rest], files: [] }];
  const given = first ? [first, ...rest] : [];
  const named = given.filter((arg) => !arg.startsWith('-'));
  const files = named.length > 0 ? named : [...testsIn('tests/'), ...testsIn(LARGE)];
  const options = [
    '--test',
    '--test-concurrency=1',
    '--test-reporter=spec',
    ...given.filter((arg) => arg.startsWith('-')),
  ];
  const part = (workers: number, of: string[]): Part => ({ workers, args: [...NODE, ...options], files: of });
  const [large, small] = [files.filter(isLarge), files.filter((file) => !isLarge(file))];
  return [...(small.length > 0 ? [part(5, small)] : []), ...(large.length > 0 ? [part(MANY, large)] : [])];
}

const isLarge = (file: string): boolean => file.includes(LARGE);

function testsIn(folder: string): string[] {
  const names = readdirSync(join(HERE, folder)).filter((name) => name.endsWith('.test.ts'));
  return names.sort().map((name) => folder + name);
}

let stopped = false;
let passOn = (_signal: NodeJS.Signals): void => process.exit(130);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    stopped = true;
    passOn(signal);
  });
}

async function run(): Promise<number> {
  let failed = 0;
  for (const part of parts(process.argv.slice(2))) failed = Math.max(failed, await runPart(part));
  return failed;
}

async function runPart({ workers, args, files: tests }: Part): Promise<number> {
  if (!existsSync(join(PAGE, 'index.html'))) throw new Error('no page in web/dist: run `npm run build` in web/ first');
  const scratch = await mkdtemp(join(tmpdir(), 'antiphon-facts-'));
  const network = await startNetwork(PAGE, workers);
  const files = await serveFiles(PAGE, network.facts);
  try {
    const facts = join(scratch, 'facts.json');
    await writeFile(facts, JSON.stringify(network.facts), { mode: 0o600 });
    const env = { ANTIPHON_E2E_FACTS: facts, ANTIPHON_E2E_STATIC: files.url };
    if (tests.length === 0) return await child(args, env);
    let failed = 0;
    for (const file of tests) failed = Math.max(failed, await runFile([...args, file], env));
    return failed;
  } finally {
    await files.stop();
    await network.stop();
    await rm(scratch, { recursive: true, force: true });
  }
}

async function runFile(args: string[], env: Record<string, string>): Promise<number> {
  for (let run = 1; ; run++) {
    process.stdout.write(`> ${args.at(-1)}\n`);
    const code = await child(args, env);
    if (code === 0 || run === RUNS || stopped) return code;
    process.stdout.write(`${args.at(-1)} failed and runs again (${run} of ${RUNS} runs)\n`);
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
