// The JSON form of the same messages, which hardware wallets sign and show (SIGN_MODE_LEGACY_AMINO_JSON).
import { utf8, type Bytes } from './bytes';
import type { Coin, TxMsg } from './types';

export interface AminoMsg {
  type: string;
  value: Record<string, unknown>;
}

export interface StdFee {
  amount: Coin[];
  gas: string;
  granter?: string;
}

export interface StdSignDoc {
  account_number: string;
  chain_id: string;
  fee: StdFee;
  memo: string;
  msgs: AminoMsg[];
  sequence: string;
  timeout_height?: string;
}

/** Unix seconds as the chain writes times. */
const time = (seconds: number): string => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');

const typed = (type: string, value: Record<string, unknown>): AminoMsg => ({ type, value });

export function aminoOf(msg: TxMsg): AminoMsg {
  switch (msg.type) {
    case 'execute': {
      const { sender, contract, funds } = msg;
      return typed('wasm/MsgExecuteContract', { sender, contract, msg: msg.msg, funds });
    }
    case 'send':
      return typed('cosmos-sdk/MsgSend', { from_address: msg.from, to_address: msg.to, amount: msg.amount });
    case 'exec':
      return typed('cosmos-sdk/MsgExec', { grantee: msg.grantee, msgs: msg.msgs.map(aminoOf) });
    case 'revoke':
      return typed('cosmos-sdk/MsgRevoke', {
        granter: msg.granter,
        grantee: msg.grantee,
        msg_type_url: msg.msgType,
      });
    case 'revoke_allowance':
      return typed('cosmos-sdk/MsgRevokeAllowance', { granter: msg.granter, grantee: msg.grantee });
    case 'grant':
      return grant(msg);
    case 'grant_allowance':
      return allowance(msg);
  }
}

function grant(msg: Extract<TxMsg, { type: 'grant' }>): AminoMsg {
  const limit = typed('wasm/MaxCallsLimit', { remaining: String(msg.maxCalls) });
  const filter = typed('wasm/AcceptedMessageKeysFilter', { keys: msg.keys });
  const authorization = typed('wasm/ContractExecutionAuthorization', {
    grants: [{ contract: msg.contract, limit, filter }],
  });
  return typed('cosmos-sdk/MsgGrant', {
    granter: msg.granter,
    grantee: msg.grantee,
    grant: { authorization, expiration: time(msg.expires) },
  });
}

function allowance(msg: Extract<TxMsg, { type: 'grant_allowance' }>): AminoMsg {
  const basic = typed('cosmos-sdk/BasicAllowance', {
    spend_limit: msg.spendLimit,
    expiration: time(msg.expires),
  });
  return typed('cosmos-sdk/MsgGrantAllowance', {
    granter: msg.granter,
    grantee: msg.grantee,
    allowance: typed('cosmos-sdk/AllowedMsgAllowance', { allowance: basic, allowed_messages: msg.messages }),
  });
}

/** The bytes of a document: keys sorted, no spaces, and the three characters escaped that Go escapes. */
export function aminoBytes(doc: StdSignDoc): Bytes {
  const text = JSON.stringify(sorted(doc));
  return utf8(text.replace(/[<>&]/g, (char) => `\\u00${char.charCodeAt(0).toString(16)}`));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, sorted(inner)]));
}
