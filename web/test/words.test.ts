// Every sentence of the page, in every language.
import { describe, expect, it } from 'vitest';
import { CODES } from '../src/core/errors';
import { LANGUAGES, fill, preferredLanguage, type Plural } from '../src/i18n';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { en } from '../src/i18n/en';
import { first } from '../src/i18n/en-first';
import '../src/i18n/more';
import { actionOf } from '../src/pages/chat/next-step';
import { SRC, firstLoad } from './static-graph';

type Entry = string | Plural;
const places = (text: string): string[] => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();
const forms = (entry: Entry): string[] => (typeof entry === 'string' ? [entry] : Object.values(entry));

describe('languages', () => {
  it.each(Object.keys(LANGUAGES))('%s has every key of English, with the same places to fill', async (code) => {
    const words = (await LANGUAGES[code]?.load()) as unknown as Record<string, Entry>;
    expect(Object.keys(words).sort()).toEqual(Object.keys(en).sort());
    for (const [key, entry] of Object.entries(en as Record<string, Entry>)) {
      const theirs = words[key] as Entry;
      expect(typeof theirs, key).toBe(typeof entry);
      const [ours, wanted] = [forms(theirs), new Set(forms(entry).flatMap(places))];
      for (const form of ours) for (const place of places(form)) expect([...wanted], key).toContain(place);
      expect(
        ours.every((form) => form.trim() !== ''),
        key,
      ).toBe(true);
    }
  });

  it.each(Object.keys(LANGUAGES))('%s has a form for every number', async (code) => {
    const words = (await LANGUAGES[code]?.load()) as unknown as Record<string, Entry>;
    for (const [key, entry] of Object.entries(words)) {
      if (typeof entry !== 'string') expect(entry.other, key).toBeTruthy();
    }
  });

  it('takes the first language asked for that there is', () => {
    expect(preferredLanguage(['xx-YY', 'en-GB'])).toBe('en');
    expect(preferredLanguage([])).toBe('en');
  });
});

describe('sentences', () => {
  it('chooses the form by the number and writes the number as the language does', () => {
    const entry: Plural = { one: '{n} voice', other: '{n} voices' };
    expect(fill(entry, { n: 1 }, 'en')).toBe('1 voice');
    expect(fill(entry, { n: 1200 }, 'en')).toBe('1,200 voices');
  });

  it('leaves a place without a value to be seen', () => {
    expect(fill('Task {id}', {}, 'en')).toBe('Task {id}');
  });

  it('never reads a value as a pattern', () => {
    expect(fill('{a} {b}', { a: '{b}', b: '$&' }, 'en')).toBe('{b} $&');
  });
});

describe('failures', () => {
  it.each([...CODES])('Demand 15: %s has its own sentence and a next step', (code) => {
    const words = en as unknown as Record<string, string>;
    expect(words[`error.${code}`]).toMatch(/\.$/);
    expect(words[`next.${code}`]).toMatch(/\.$/);
    const others = CODES.filter((other) => other !== code).map((other) => words[`error.${other}`]);
    expect(others).not.toContain(words[`error.${code}`]);
  });

  it('never offers to ask anew while a transaction may still be on its way', () => {
    for (const code of ['node_down', 'stopped', 'timeout']) {
      expect(actionOf(code, true)).toBe('follow');
      expect(actionOf(code, false)).toBe('retry');
    }
  });
});

describe('words that come later', () => {
  it('are not needed by anything of the first load', () => {
    const keys = new Set(Object.keys(first));
    const later = Object.keys(en).filter((key) => !keys.has(key));
    expect(later.length).toBeGreaterThan(200);
    for (const file of firstLoad().filter((name) => !name.startsWith('i18n/'))) {
      const text = readFileSync(join(SRC, file), 'utf8');
      expect(
        later.filter((key) => text.includes(`'${key}'`)),
        file,
      ).toEqual([]);
    }
  });

  it('stay out of the first load', () => {
    expect(firstLoad()).not.toContain('i18n/more.ts');
    expect(firstLoad()).toContain('i18n/en-first.ts');
  });
});
