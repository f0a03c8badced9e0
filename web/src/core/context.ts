import { Contract } from './contract';
import type { NetworkConfig } from './network';
import { Rest } from './rest';
import type { Context, Fetch, Payer } from './types';

/** Everything the core needs of one network; `payer` only where something is to be paid. */
export function createContext(net: NetworkConfig, payer?: Payer, fetcher?: Fetch): Context {
  // A detached fetch throws "Illegal invocation" in browsers.
  const bound: Fetch = fetcher ?? ((input, init) => globalThis.fetch(input, init));
  const rest = new Rest(net.rest, bound);
  const ctx: Context = { net, rest, contract: new Contract(net.contract, rest), fetch: bound };
  return payer ? { ...ctx, payer } : ctx;
}
