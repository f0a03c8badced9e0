/** The network the page talks to. */
import { computed, effect, signal } from '@preact/signals';
import { createContext } from '../core/context';
import { AntiphonError, asAntiphonError } from '../core/errors';
import { loadNetwork, type NetworkConfig } from '../core/network';
import type { ModelResponse, WorkerResponse } from '../core/contract-types';
import type { Context } from '../core/types';
import { decimal, roughDecimal } from '../lib/format';

export const net = signal<NetworkConfig | null>(null);
export const netError = signal<AntiphonError | null>(null);
/** Reads only: no account. */
export const reader = computed<Context | null>(() => (net.value ? createContext(net.value) : null));

export const models = signal<ModelResponse[] | null>(null);
/** The contract was made for trials: smaller committees are allowed. */
export const insecure = signal(false);
export const modelsError = signal<AntiphonError | null>(null);
/** Names out of manifests, by manifest CID; filled as they are fetched. */
export const modelNames = signal<Record<string, string>>({});
export const workers = signal<WorkerResponse[] | null>(null);

/** Reads network.json and the overrides, then the models. */
export async function bootNetwork(): Promise<void> {
  try {
    net.value = await loadNetwork();
    netError.value = null;
  } catch (thrown) {
    net.value = null;
    netError.value = asAntiphonError(thrown);
    return;
  }
  await Promise.all([refreshModels(), refreshWorkers(), readConfig()]);
}

async function readConfig(): Promise<void> {
  // Without an answer only what every network allows is offered.
  insecure.value = (await reader.value?.contract.config().catch(() => null))?.insecure === true;
}

/** The network as it is, or as soon as it is known: a click may come before. Throws why there is none. */
export async function networkKnown(): Promise<NetworkConfig> {
  if (net.value) return net.value;
  return new Promise((done, fail) => {
    // `stop` is not there yet where the effect ends at its first call.
    const stop = effect(() => {
      if (net.value) done(net.value);
      else if (netError.value) fail(netError.value);
      else return;
      queueMicrotask(() => stop());
    });
  });
}

export async function refreshModels(): Promise<void> {
  const ctx = reader.value;
  if (!ctx) return;
  try {
    models.value = await ctx.contract.allModels();
    modelsError.value = null;
  } catch (thrown) {
    modelsError.value = asAntiphonError(thrown);
  }
}

/** Workers on record: their endpoints serve blocks, and their monikers are for people. */
export async function refreshWorkers(): Promise<void> {
  const ctx = reader.value;
  if (!ctx) return;
  try {
    workers.value = await ctx.contract.allWorkers();
  } catch {
    // The page that needs them shows its own error; elsewhere addresses stand for names.
  }
}

/** A worker's name for people; its address without one. */
export function workerName(address: string): string {
  const moniker = workers.value?.find((w) => w.worker === address)?.moniker;
  return moniker ? moniker : address;
}

/** An amount of the base denom as a person reads it: `0.076 ANTI`. */
export function money(amount: bigint): string {
  const config = net.value;
  if (!config) return amount.toString();
  return `${decimal(amount, config.decimals)} ${config.display_denom}`;
}

/** The same to three places, rounded down. */
export function roughMoney(amount: bigint): string {
  const config = net.value;
  return config ? `${roughDecimal(amount, config.decimals)} ${config.display_denom}` : amount.toString();
}

/** Every host of the settings, and those of workers on record: the page talks to no other. */
export function hosts(): { settings: string[]; workers: string[] } {
  const config = net.value;
  const set = [config?.rest, config?.rpc, config?.faucet, config?.gateway];
  return {
    settings: distinct(set.map(originOf)),
    workers: distinct((workers.value ?? []).map((w) => originOf(w.endpoint ?? null))),
  };
}

function originOf(url: string | null | undefined): string {
  return url && URL.canParse(url) ? new URL(url).origin : '';
}

function distinct(values: string[]): string[] {
  return [...new Set(values.filter((v) => v !== ''))].sort();
}
