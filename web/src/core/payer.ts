import type { Payer, Signer } from './types';

/** An account that signs its own transactions: a popup each with a wallet, none with a guest key. */
export const directPayer = (signer: Signer): Payer => ({ requester: signer.address, signer });
