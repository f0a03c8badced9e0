import { describe, expect, it } from 'vitest';
import '../src/i18n/more';
import { oddsOf, percent } from '../src/lib/odds';
import { oddsWords, oneIn, priceOf } from '../src/ui/committee';

const share = (value: number): bigint => BigInt(Math.round(value * 1e12)) * 1_000_000n;

describe('odds', () => {
  it.each([
    [0, 'never'],
    [1e-9, 'fewer than 1 in a million'],
    [0.0000405, '1 in 25,000'],
    [0.04, '1 in 25'],
    [0.24, '1 in 4'],
    [0.34, '3 in 10'],
    [0.5, '5 in 10'],
    [0.72, '7 in 10'],
    [0.98, '9 in 10'],
    [0.996, 'nearly always'],
    [1, 'always'],
  ])('%f is said as %s', (value, words) => expect(oneIn(share(value).toString())).toBe(words));

  it('count the smallest unit there is', () => {
    expect(oddsOf(1n).kind).toBe('rare');
    expect(oddsOf(10n ** 18n - 1n).kind).toBe('nearly');
    expect(percent(share(0.0417), 'en')).toBe('4.2%');
    expect(percent(0n, 'en')).toBe('0%');
  });

  it('are told for a share of the seats, wrong and blocked', () => {
    const info = { dishonest_percent: 33, dishonest_seats: 6, wrong: share(0.04).toString(), blocked: '0' };
    const told = 'If a third of the seats are dishonest: 1 in 25 wrong, ';
    expect(oddsWords(info, { committee: 31, quorum: 21 })).toBe(`${told}never without an answer`);
    expect(oddsWords(info, { committee: 7, quorum: 5 })).toBe(`${told}fewer than 1 in a million without an answer`);
    expect(oddsWords({ ...info, dishonest_percent: 25 }, { committee: 7, quorum: 5 })).toContain('25%');
  });

  it('come with the price of each size, from the price of the size that is chosen', () => {
    expect(priceOf(7, 500n, 5)).toBe(700n);
    expect(priceOf(5, 500n, 5)).toBe(500n);
    expect(priceOf(5, null, 5)).toBeNull();
    expect(priceOf(5, 500n, 0)).toBeNull();
  });
});
