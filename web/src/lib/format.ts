/** Numbers, money, times and identifiers as people read them. Pure: the clock and the language are arguments. */

/** `bafkreiabc…wxyz`: both ends, since those are what people compare. */
export function shorten(text: string, head = 9, tail = 6): string {
  return text.length <= head + tail + 1 ? text : `${text.slice(0, head)}…${text.slice(-tail)}`;
}

/** An amount of the smallest unit as a decimal of the display unit, exact, without trailing zeros. */
export function decimal(amount: bigint, decimals: number): string {
  const negative = amount < 0n;
  const digits = (negative ? -amount : amount).toString().padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const part = digits.slice(digits.length - decimals).replace(/0+$/, '');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, '\u202f');
  return `${negative ? '\u2212' : ''}${grouped}${part === '' ? '' : `.${part}`}`;
}

/** An amount rounded down to three places, for places where a glance is enough. */
export function roughDecimal(amount: bigint, decimals: number): string {
  const unit = 10n ** BigInt(Math.max(0, decimals - 3));
  return decimal((amount / unit) * unit, decimals);
}

/** Reads what a person typed (`1.5`) as the smallest unit; null if it is not such a number. */
export function parseDecimal(text: string, decimals: number): bigint | null {
  const match = /^\s*(\d{1,20})(?:[.,](\d*))?\s*$/.exec(text);
  if (!match) return null;
  const part = match[2] ?? '';
  if (part.length > decimals) return null;
  return BigInt(`${match[1]}${part.padEnd(decimals, '0')}`);
}

/** Seconds to one place: what a stage took. */
export function seconds(milliseconds: number): string {
  return (Math.max(0, milliseconds) / 1000).toFixed(1);
}

/** Time left as `1:02:03` or `9:41`; never negative. */
export function countdown(milliseconds: number): string {
  const all = Math.max(0, Math.floor(milliseconds / 1000));
  const [h, m, s] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
  const two = (n: number): string => String(n).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
];

/** `2 minutes ago`, in the reader's language. Under a minute it is "now", so that lists do not flicker. */
export function relative(at: number, now: number, language: string): string {
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'long' });
  const delta = (at - now) / 1000;
  for (const [unit, size] of UNITS) {
    if (Math.abs(delta) >= size) return format.format(Math.trunc(delta / size), unit);
  }
  return format.format(0, 'second');
}

/** The exact moment, for a tooltip. */
export function exact(at: number, language: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' }).format(at);
}

/** The middle value; null of nothing. */
export function median(values: number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

/** Size in the unit a person expects. */
export function bytes(count: number): string {
  if (count < 1000) return `${count} B`;
  if (count < 1_000_000) return `${(count / 1000).toFixed(1)} kB`;
  return `${(count / 1_000_000).toFixed(1)} MB`;
}
