/** What the next question will be asked with, and what it will cost. */
import { computed, effect, signal } from '@preact/signals';
import { AntiphonError } from '../core/errors';
import { writePrompt } from '../core/prompt';
import { COMMITTEES } from '../core/rules';
import type { Message, Sampling } from '../core/types';
import { insecure, models, net, reader } from './network';
import { recall, remember } from './prefs';

export interface Options {
  model: number | null;
  committee: number;
  temperature: number;
  maxTokens: number;
  /** A decimal u64; only used with a temperature above 0. */
  seed: string;
  fresh: boolean;
}

export const DEFAULTS: Options = { model: null, committee: 5, temperature: 0, maxTokens: 128, seed: '0', fresh: false };
export const MOST_TEMPERATURE = 2;
const MOST_SEED = 18_446_744_073_709_551_615n;

export const options = signal<Options>(DEFAULTS);
/** Unsent words, by conversation. */
export const drafts = signal<Record<string, string>>({});
/** The ask whose question is being changed. */
export const editing = signal<{ chat: string; turn: string } | null>(null);
/** The escrow of the next question in the base denom; null while unknown. */
export const price = signal<bigint | null>(null);

/** The model chosen, else the network's own, else the first that is offered. */
export const chosenModel = computed(() => {
  const offered = (models.value ?? []).filter((m) => !m.retired);
  const wanted = [options.value.model, net.value?.model ?? null];
  for (const id of wanted) {
    const found = offered.find((m) => m.model === id);
    if (found) return found;
  }
  return offered[0] ?? null;
});

/** A committee of three is for networks that were made for trials. */
export const committeeSizes = computed<readonly number[]>(() => (insecure.value ? [3, ...COMMITTEES] : COMMITTEES));

/** Longest answer allowed by the model and asked for. */
export const longest = computed(() =>
  Math.min(options.value.maxTokens, chosenModel.value?.limits.max_output_tokens ?? 4096),
);

export function sampling(from: Options = options.value): Sampling {
  const temperature = Math.round(Math.min(Math.max(from.temperature, 0), MOST_TEMPERATURE) * 1000);
  return {
    max_output_tokens: longest.value,
    temperature_milli: temperature,
    top_k: 0,
    top_p_milli: 1000,
    seed: isSeed(from.seed) ? from.seed : '0',
    stop: [],
  };
}

/** One spelling per number, as the prompt document wants it. */
export function isSeed(text: string): boolean {
  return /^(0|[1-9][0-9]{0,19})$/.test(text) && BigInt(text) <= MOST_SEED;
}

/** A seed nobody chose, small enough to read aloud. */
export function anotherSeed(): string {
  return String((crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) % 1_000_000);
}

export function setOption<K extends keyof Options>(name: K, value: Options[K]): void {
  options.value = { ...options.value, [name]: value };
}

export function startComposer(): void {
  const stored = recall('antiphon.options');
  if (stored !== null) options.value = { ...DEFAULTS, ...(JSON.parse(stored) as Partial<Options>), fresh: false };
  effect(() => remember('antiphon.options', JSON.stringify(options.value)));
}

let asked = 0;

/** Asks the contract what the question as it stands would cost. The latest call wins. */
export async function estimate(messages: Message[]): Promise<void> {
  const ctx = reader.value;
  const model = chosenModel.value;
  const mine = ++asked;
  if (!ctx || !model) return;
  try {
    const { bytes } = await writePrompt(messages, sampling());
    const fee = await ctx.contract.estimateFee(model.model, bytes.length, longest.value, options.value.committee);
    if (mine === asked) price.value = BigInt(fee.escrow);
  } catch (thrown) {
    // A question that is too long is told when it is sent; without a node there is no price to show.
    if (mine === asked && thrown instanceof AntiphonError) price.value = null;
  }
}
