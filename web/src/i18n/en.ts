/**
 * English: the dictionary every other language is typed against.
 *
 * A value is a sentence with `{name}` places, or one form per plural category of the language (`{n}` is the count that
 * chooses). Split by subject so that no file grows past what one sits down to translate.
 */
import { ask } from './en-ask';
import { errors } from './en-errors';
import { explore } from './en-explore';
import { shell } from './en-shell';

export const en = { ...shell, ...ask, ...explore, ...errors };
