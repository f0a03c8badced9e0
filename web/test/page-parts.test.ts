// Pure parts of the page: addresses, numbers, times, differences, exports.
import { describe, expect, it } from 'vitest';
import { diffWords } from '../src/lib/diff';
import { countdown, decimal, median, parseDecimal, relative, seconds, shorten } from '../src/lib/format';
import { stageMedians } from '../src/lib/timing';
import { parseRoute, routeHash, type Route } from '../src/router';
import { parseExport } from '../src/state/export-file';

describe('router', () => {
  const routes: [string, Route][] = [
    ['#/', { page: 'chat', id: null }],
    ['#/c/ab12', { page: 'chat', id: 'ab12' }],
    ['#/tasks', { page: 'tasks' }],
    ['#/task/17', { page: 'task', id: 17 }],
    ['#/workers', { page: 'workers' }],
    ['#/worker/wasm1abc', { page: 'worker', address: 'wasm1abc' }],
    ['#/network', { page: 'network' }],
    ['#/verify', { page: 'verify', task: null }],
    ['#/verify/3', { page: 'verify', task: 3 }],
    ['#/settings', { page: 'settings' }],
  ];

  it.each(routes)('reads %s and writes it again', (hash, route) => {
    expect(parseRoute(hash)).toEqual(route);
    expect(routeHash(route)).toBe(hash);
  });

  it('takes an empty fragment as the conversation', () => {
    expect(parseRoute('')).toEqual({ page: 'chat', id: null });
    expect(parseRoute('#')).toEqual({ page: 'chat', id: null });
  });

  it.each([
    '#/task/',
    '#/task/01',
    '#/task/-1',
    '#/task/1e3',
    '#/c/',
    '#/nowhere',
    '#/tasks/1',
    '#/c/a/b',
    '#/task/99999999999999999999',
  ])('knows no page at %s', (hash) => expect(parseRoute(hash)).toEqual({ page: 'missing' }));

  it('survives a broken escape', () => {
    expect(parseRoute('#/c/%')).toEqual({ page: 'chat', id: '%' });
  });
});

describe('numbers and money', () => {
  it('shortens identifiers in the middle and leaves short ones alone', () => {
    expect(shorten('bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku')).toBe('bafkreihd…quvyku');
    expect(shorten('short')).toBe('short');
  });

  it('writes amounts exactly, whatever their size', () => {
    expect(decimal(0n, 6)).toBe('0');
    expect(decimal(1n, 6)).toBe('0.000001');
    expect(decimal(1_500_000n, 6)).toBe('1.5');
    expect(decimal(123_456_789_000_000n, 6)).toBe('123\u202f456\u202f789');
    expect(decimal(-2_000_000n, 6)).toBe('\u22122');
    expect(decimal(7n, 0)).toBe('7');
  });

  it('reads what it writes and refuses what is no amount', () => {
    expect(parseDecimal('1.5', 6)).toBe(1_500_000n);
    expect(parseDecimal('1,5', 6)).toBe(1_500_000n);
    expect(parseDecimal('12', 6)).toBe(12_000_000n);
    for (const bad of ['', '-1', '1.2345678', '1e3', 'x', '1..2']) expect(parseDecimal(bad, 6)).toBeNull();
  });

  it('takes the middle of a list', () => {
    expect(median([])).toBeNull();
    expect(median([3])).toBe(3);
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });
});

describe('times', () => {
  const now = Date.UTC(2026, 10, 22, 12, 0, 0);

  it('tells a time by its largest unit', () => {
    expect(relative(now - 5_000, now, 'en')).toBe('now');
    expect(relative(now - 125_000, now, 'en')).toBe('2 minutes ago');
    expect(relative(now - 3_700_000, now, 'en')).toBe('1 hour ago');
    expect(relative(now - 86_400_000, now, 'en')).toBe('yesterday');
    expect(relative(now + 7_200_000, now, 'en')).toBe('in 2 hours');
  });

  it('counts down and never below nothing', () => {
    expect(countdown(3_723_000)).toBe('1:02:03');
    expect(countdown(581_000)).toBe('9:41');
    expect(countdown(-1)).toBe('0:00');
  });

  it('gives seconds to one place', () => {
    expect(seconds(3_649)).toBe('3.6');
    expect(seconds(-20)).toBe('0.0');
  });

  it('takes stage times from heights', () => {
    const tasks = [
      { posted: 100, drawn: 106, answered: 112, settled: 120 },
      { posted: 200, drawn: 208, answered: null, settled: null },
    ];
    expect(stageMedians(tasks, 0.5)).toEqual({ drawn: 3.5, answered: 6, settled: 10 });
    expect(stageMedians([], 0.5)).toEqual({ drawn: null, answered: null, settled: null });
  });
});

describe('word differences', () => {
  it('keeps what is the same and marks what is not', () => {
    expect(diffWords('the sky is blue', 'the sea is blue')).toEqual([
      { kind: 'same', text: 'the ' },
      { kind: 'left', text: 'sky' },
      { kind: 'right', text: 'sea' },
      { kind: 'same', text: ' is blue' },
    ]);
  });

  it('gives both texts back whole', () => {
    const [left, right] = ['a b c\n\nd e', 'a x c\n\nd f g'];
    const parts = diffWords(left, right);
    const of = (kind: string): string =>
      parts.map((p) => (p.kind === 'same' || p.kind === kind ? p.text : '')).join('');
    expect(of('left')).toBe(left);
    expect(of('right')).toBe(right);
  });

  it('shows very long texts whole instead of comparing them', () => {
    const long = 'word '.repeat(4000);
    expect(diffWords(long, 'short')).toHaveLength(2);
  });
});

describe('export files', () => {
  const chat = { id: 'a', network: 'n', title: 't', created: 1, updated: 2, turns: [] };
  const file = (conversations: unknown): string => JSON.stringify({ antiphon: 'conversations/1', conversations });

  it('reads its own files', async () => {
    expect(await parseExport(file([chat]))).toEqual([chat]);
  });

  it.each([
    'not json',
    'null',
    '{}',
    JSON.stringify({ antiphon: 'conversations/2', conversations: [] }),
    file([{ ...chat, turns: [{ id: 'x', shown: 0, asks: [{}] }] }]),
    file([{ ...chat, title: 7 }]),
    file([null]),
  ])('refuses %s', async (text) => expect(await parseExport(text)).toBeNull());
});
