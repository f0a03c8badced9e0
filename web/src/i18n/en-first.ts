/**
 * English, as far as the first sight of the page needs it; `more.ts` brings the rest with the first page that needs it.
 *
 * A value is a sentence with `{name}` places, or one form per plural category of the language (`{n}` is the count that
 * chooses). Split by subject so that no file grows past what one sits down to translate.
 */
import { ask } from './en-ask';
import { errors } from './en-errors';
import { shell } from './en-shell';

export const first = { ...shell, ...ask, ...errors };
