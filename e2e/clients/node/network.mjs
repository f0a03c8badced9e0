// One real local network for all tests, and what the chain says about it.
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const START_MS = 180_000;
const STOP_MS = 20_000;
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

/** One of our own programs. */
export function program(name) {
  const folder = process.env.ANTIPHON_BIN_DIR;
  if (!folder) throw new Error('ANTIPHON_BIN_DIR is not set: run this by `cargo xtask ci --only clients`');
  return join(folder, name);
}

/** The content id of one raw block, by hand. */
export function rawCid(bytes) {
  const id = Buffer.concat([Buffer.from([1, 0x55, 0x12, 0x20]), createHash('sha256').update(bytes).digest()]);
  let bits = [...id].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  bits = bits.padEnd(Math.ceil(bits.length / 5) * 5, '0');
  return `b${bits.match(/.{5}/g).map((five) => BASE32[parseInt(five, 2)]).join('')}`;
}

/** The JSON at a URL; a refusal is an error with its text. */
export async function readJson(url, body) {
  const posted = body && {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  };
  const answer = await fetch(url, posted);
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** A process that prints one JSON line when it is up. */
export async function start(file, args) {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = [];
  createInterface({ input: child.stderr }).on('line', (line) => said.push(line));
  const stop = () => end(child);
  process.on('exit', () => child.kill('SIGINT'));
  try {
    return { facts: await firstJson(child, file, said), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function firstJson(child, file, said) {
  const failure = (why) => new Error([`${file} ${why}:`, ...said.slice(-20)].join('\n'));
  return new Promise((done, fail) => {
    const timer = setTimeout(() => fail(failure('did not start in time')), START_MS);
    const settle = (finish, value) => {
      clearTimeout(timer);
      finish(value);
    };
    child.once('error', (error) => settle(fail, error));
    child.once('exit', (code) => settle(fail, failure(`ended with ${code}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('{')) settle(done, JSON.parse(line));
    });
  });
}

async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((done) => child.once('exit', done));
  child.kill('SIGINT');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await gone;
  clearTimeout(timer);
}

/** What the tests know of the network: its facts, its chain, its processes. */
export class Network {
  constructor(facts) {
    this.facts = facts;
    this.baseURL = `${facts.gateway}/v1`;
  }

  /** A smart query of the contract. */
  async query(message) {
    const text = encodeURIComponent(Buffer.from(JSON.stringify(message)).toString('base64'));
    const { rest, contract } = this.facts;
    return (await readJson(`${rest}/cosmwasm/wasm/v1/contract/${contract}/smart/${text}`)).data;
  }

  /** Every task on chain about this prompt, open or done. */
  async tasksOf(prompt) {
    const found = [];
    for (const filter of ['open', 'done']) {
      for (let after = null, full = true; full; ) {
        const { tasks } = await this.query({ tasks: { filter, start_after: after, limit: 30 } });
        found.push(...tasks.filter((task) => task.prompt === prompt));
        full = tasks.length === 30;
        after = tasks.at(-1)?.task ?? null;
      }
    }
    return found;
  }

  /** Transactions that asked about this prompt and were charged for it. */
  async postsOf(prompt) {
    const { rpc, contract } = this.facts;
    const query = `wasm-task_added._contract_address='${contract}' AND wasm-task_added.prompt='${prompt}'`;
    const params = { query, page: '1', per_page: '30', order_by: 'asc' };
    const answer = await readJson(rpc, { jsonrpc: '2.0', id: 1, method: 'tx_search', params });
    return Number(answer.result.total_count);
  }

  /** The task once it is final or failed. */
  async waitForEnd(task) {
    for (let look = 0; look < 300; look += 1) {
      const found = await this.query({ task: { task } });
      if (['final', 'failed'].includes(found.status)) return found;
      await sleep(100);
    }
    throw new Error(`task ${task} did not end`);
  }

  /** Holds workers still, as in a power cut, while something is done. */
  async whileStopped(workers, work) {
    const pids = workers.map((index) => this.facts.processes[`worker-${index}`]);
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    try {
      return await work();
    } finally {
      for (const pid of pids) process.kill(pid, 'SIGCONT');
    }
  }

  /** A second gateway with a funded key of its own, while something is done; `keys` are options of API keys. */
  async withGateway(options, keys, work) {
    const folder = await mkdtemp(join(tmpdir(), 'antiphon-gateway-'));
    const [key, home] = [join(folder, 'key.json'), join(folder, 'home')];
    const antiphon = program('antiphon');
    const network = ['--network', join(this.facts.home, 'network.json')];
    try {
      await mkdir(home);
      const { address } = JSON.parse((await run(antiphon, [...network, 'keys', 'new', key])).stdout);
      await readJson(`${this.facts.faucet}/give`, { address });
      const secrets = [];
      for (const [number, limits] of keys.entries()) {
        const args = ['gateway', 'keys', 'new', '--name', `key-${number}`, '--home', home, '--json', ...limits];
        secrets.push(JSON.parse((await run(antiphon, args)).stdout).key);
      }
      const args = ['gateway', '--key', key, '--home', home, '--listen', '127.0.0.1:0', '--json', ...options];
      const gateway = await start(antiphon, [...network, ...args]);
      try {
        return await work({ baseURL: `${gateway.facts.address}/v1`, address, keys: secrets });
      } finally {
        await gateway.stop();
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}
