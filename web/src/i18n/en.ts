/** English, whole: the dictionary every other language is typed against. */
import { first } from './en-first';
import { explore } from './en-explore';
import { rounds } from './en-rounds';

export const en = { ...first, ...explore, ...rounds };
