/** Theme and language, kept in this browser. */
import { effect, signal } from '@preact/signals';
import { preferredLanguage, setLanguage } from '../i18n';

export type Theme = 'system' | 'light' | 'dark';
export const THEMES: Theme[] = ['system', 'light', 'dark'];

export const theme = signal<Theme>('system');

/** Storage may be denied (private windows, file pages): then a preference lasts as long as the page. */
export function remember(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // As said above.
  }
}

export function recall(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export async function startPrefs(): Promise<void> {
  const stored = recall('antiphon.theme');
  theme.value = THEMES.find((name) => name === stored) ?? 'system';
  effect(() => {
    if (theme.value === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme.value;
    remember('antiphon.theme', theme.value === 'system' ? null : theme.value);
  });
  await setLanguage(recall('antiphon.language') ?? preferredLanguage(navigator.languages));
}

export async function chooseLanguage(code: string): Promise<void> {
  remember('antiphon.language', code);
  await setLanguage(code);
}
