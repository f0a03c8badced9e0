/** Words of the page: `t('key', {…})`. The language is a signal, so a change of it redraws what was said. */
import { signal } from '@preact/signals';
import type { en } from './en';
import { first } from './en-first';

export type Plural = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };
export type Key = keyof typeof en;
/** What a further language must be: the same keys, sentences where English has sentences, plurals where plurals. */
export type Part<T> = { [K in keyof T]: T[K] extends string ? string : Plural };
export type Dictionary = Part<typeof en>;
export type Values = Record<string, string | number>;

/** What is there of English: all of it once `more.ts` is loaded. Every other language comes whole. */
const english: Partial<Dictionary> = { ...(first as Partial<Dictionary>) };

/** Adds sentences to English. */
export function add(part: Partial<Record<Key, string | Plural>>): void {
  Object.assign(english, part);
}

/** Languages and how to load them; each is a chunk of its own, loaded when chosen. */
export const LANGUAGES: Record<string, { name: string; load: () => Promise<Partial<Dictionary>> }> = {
  en: { name: 'English', load: () => Promise.resolve(english) },
  de: { name: 'Deutsch', load: () => import('./de').then((m) => m.de) },
};

export const language = signal('en');
const words = signal<Partial<Dictionary>>(english);

/** Switches the language; an unknown one is English. */
export async function setLanguage(code: string): Promise<void> {
  const known = code in LANGUAGES ? code : 'en';
  const dictionary = await (LANGUAGES[known] as (typeof LANGUAGES)[string]).load();
  words.value = dictionary;
  language.value = known;
  document.documentElement.lang = known;
}

/** The language a browser asks for, if there is a dictionary of it. */
export function preferredLanguage(wanted: readonly string[]): string {
  return wanted.map((w) => w.toLowerCase().split('-')[0] ?? '').find((w) => w in LANGUAGES) ?? 'en';
}

/** Fills a sentence: `{name}` by value, a plural by `n`. A place without a value stays visible: a bug to see. */
export function fill(text: string | Plural, values: Values, locale: string): string {
  const sentence = typeof text === 'string' ? text : choose(text, Number(values.n ?? 0), locale);
  return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === 'number' ? new Intl.NumberFormat(locale).format(value) : value;
  });
}

function choose(forms: Plural, count: number, locale: string): string {
  return forms[new Intl.PluralRules(locale).select(count)] ?? forms.other;
}

/** The sentence of a key in the chosen language. */
export function t(key: Key, values: Values = {}): string {
  return fill((words.value[key] ?? key) as string | Plural, values, language.value);
}

/** For keys made of a code that may be newer than the dictionary. */
export function has(key: string): key is Key {
  return key in words.value;
}
