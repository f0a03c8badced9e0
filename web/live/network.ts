import 'fake-indexeddb/auto';
import { inject } from 'vitest';
import { createContext } from '../src/core/context';
import { parseNetwork, type NetworkConfig } from '../src/core/network';
import type { AskEvent, Context, Payer } from '../src/core/types';

/** The network that is up. */
export const liveNetwork = (): NetworkConfig => parseNetwork(JSON.parse(inject('facts')));

export const context = (net: NetworkConfig, payer?: Payer): Context => createContext(net, payer);

/** Keeps events with the milliseconds since the start. */
export function recorder() {
  const started = Date.now();
  const events: { ms: number; event: AskEvent }[] = [];
  const on = (event: AskEvent): void => void events.push({ ms: Date.now() - started, event });
  const stages = () => events.flatMap(({ ms, event }) => (event.type === 'stage' ? [`${event.stage} ${ms}`] : []));
  return { events, on, stages };
}

let asked = 0;

/** A question nobody has asked before. */
export function question(text = 'Name a colour.') {
  asked += 1;
  const content = `${text} (${Date.now()}-${asked})`;
  const settings = { max_output_tokens: 16, seed: '0', temperature_milli: 0, top_k: 0, top_p_milli: 1000, stop: [] };
  return { model: 1, messages: [{ role: 'user' as const, content }], settings };
}
