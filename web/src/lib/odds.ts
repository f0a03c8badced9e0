/** Odds as people say them. Pure; what comes in counts units of 10⁻¹⁸, as the contract does. */
const ONE = 1_000_000_000_000_000_000n;

/** `never`, `always`, `rare` (under one in a million), `one_in` n, or, where it is no rare thing, n `in_ten` or `nearly` always. */
export interface Odds {
  kind: 'never' | 'always' | 'nearly' | 'rare' | 'one_in' | 'in_ten';
  n: number;
}

/** Zero is never only where it `can` not happen: what is smaller than the smallest unit was rounded down to it. */
export function oddsOf(value: bigint, can = false): Odds {
  if (value <= 0n) return { kind: can ? 'rare' : 'never', n: 0 };
  if (value >= ONE) return { kind: 'always', n: 0 };
  if (value * 1_000_000n < ONE) return { kind: 'rare', n: 0 };
  if (value * 200n >= ONE * 199n) return { kind: 'nearly', n: 0 };
  const share = shareOf(value);
  if (share >= 0.25) return { kind: 'in_ten', n: Math.min(9, Math.round(share * 10)) };
  return { kind: 'one_in', n: rounded(1 / share) };
}

/** Two digits that count, and no fractions: nobody counts in them. */
const rounded = (n: number): number => Math.round(Number(n.toPrecision(2)));

/** The same as a share of one. */
export const shareOf = (value: bigint): number => Number(value) / Number(ONE);

/** A share in per cent with two digits that count: `4.2 %`, `0.013 %`. */
export function percent(value: bigint, language: string): string {
  const format = { style: 'percent', maximumSignificantDigits: 2 } as const;
  return new Intl.NumberFormat(language, format).format(shareOf(value));
}
