// Starts one network, runs the test files against it, stops it in every case.
//   npm test [-- --test-name-pattern=stream]
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { program, start } from './network.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const NETWORK = ['start', '--gateway', '--faucet', '--block-time', '100', '--json'];
const TESTS = ['--test', '--test-concurrency=1', '--test-reporter=spec', '--test-force-exit', '--test-timeout=180000'];

let passOn = () => process.exit(130);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => passOn(signal));

/** Runs the tests with the facts of a network in a file; gives their exit code. */
async function tests(facts) {
  const files = (await readdir(join(HERE, 'test'))).sort().map((name) => join('test', name));
  const env = { ...process.env, ANTIPHON_E2E_FACTS: facts };
  const child = spawn(process.execPath, [...TESTS, ...process.argv.slice(2), ...files], {
    cwd: HERE,
    env,
    stdio: 'inherit',
  });
  passOn = (signal) => child.kill(signal);
  return new Promise((done, fail) => {
    child.once('error', fail);
    child.once('exit', (code) => done(code ?? 1));
  });
}

async function withNetwork() {
  if (process.env.ANTIPHON_E2E_FACTS) return tests(process.env.ANTIPHON_E2E_FACTS);
  const folder = await mkdtemp(join(tmpdir(), 'antiphon-facts-'));
  const network = await start(program('antiphon-localnet'), NETWORK);
  try {
    const file = join(folder, 'facts.json');
    await writeFile(file, JSON.stringify(network.facts), { mode: 0o600 });
    return await tests(file);
  } finally {
    await network.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

withNetwork().then(
  (code) => process.exit(code),
  (error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  },
);
