// The page from plain files and nothing else, with a network.json written beside it: what any
// static host or IPFS gateway would serve.
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import type { Facts } from './network.ts';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.png': 'image/png',
  '.txt': 'text/plain',
  '.woff2': 'font/woff2',
};

/** What the page needs to know about the network, and no more. */
export function pageNetwork(facts: Facts) {
  const { chain_id, rpc, rest, contract, prefix, denom, gas_price, model, faucet } = facts;
  const money = { prefix, denom, display_denom: 'ANTI', decimals: 6, gas_price };
  return {
    chain_id,
    chain_name: 'Antiphon local',
    rpc,
    rest,
    contract,
    ...money,
    model,
    faucet: faucet ?? null,
    gateway: null,
  };
}

/** Serves `folder` on a free port of this machine; `network.json` comes from the facts. */
export async function serveFiles(folder: string, facts: Facts): Promise<{ url: string; stop(): Promise<void> }> {
  const network = JSON.stringify(pageNetwork(facts));
  const server = createServer(async (request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://files').pathname));
    if (path === '/network.json') return response.setHeader('content-type', 'application/json').end(network);
    const file = path.endsWith('/') ? `${path}index.html` : path;
    try {
      const body = await readFile(join(folder, file));
      return response.setHeader('content-type', TYPES[extname(file)] ?? 'application/octet-stream').end(body);
    } catch {
      return response.writeHead(404).end('not here');
    }
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, stop: () => closed(server) };
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((done) => server.close(() => done()));
}
