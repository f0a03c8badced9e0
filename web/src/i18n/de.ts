/** Deutsch. */
import type { Dictionary } from '.';
import { deAsk } from './de-ask';
import { deErrors } from './de-errors';
import { deExplore } from './de-explore';
import { deRounds } from './de-rounds';
import { deShell } from './de-shell';

export const de: Dictionary = { ...deShell, ...deAsk, ...deExplore, ...deRounds, ...deErrors };
