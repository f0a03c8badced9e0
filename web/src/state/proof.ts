/** Whose proof is open beside the conversation: the id of an ask. */
import { signal } from '@preact/signals';

export const proofOf = signal<string | null>(null);
