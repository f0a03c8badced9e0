// The network the live tests run on: the one that ANTIPHON_FACTS names, or one of our own, stopped in every case.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestProject } from 'vitest/node';

const START_MS = 180_000;

declare module 'vitest' {
  interface ProvidedContext {
    /** The line of `antiphon-localnet start --json`. */
    facts: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { ANTIPHON_FACTS: file, ANTIPHON_BIN_DIR: programs } = process.env;
  if (file) {
    project.provide('facts', readFileSync(file, 'utf8'));
    return async () => undefined;
  }
  if (!programs) throw new Error('set ANTIPHON_FACTS, or ANTIPHON_BIN_DIR and what `cargo xtask setup` prints');
  const home = mkdtempSync(join(tmpdir(), 'antiphon-live-'));
  const options = ['start', '--home', join(home, 'net'), '--faucet', '--json'];
  const child = spawn(join(programs, 'antiphon-localnet'), options, { stdio: ['ignore', 'pipe', 'inherit'] });
  const stop = async () => {
    await ended(child);
    rmSync(home, { recursive: true, force: true });
  };
  try {
    project.provide('facts', await firstLine(child));
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise<string>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`no network after ${START_MS / 1000} s`)), START_MS);
    late.unref();
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the network ended with ${code}`)));
    createInterface({ input: child.stdout! }).on('line', (text) => text.startsWith('{') && resolve(text));
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGINT');
  await gone;
}
