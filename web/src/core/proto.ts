// Protobuf of the few messages this page signs. It only ever writes: everything it reads is JSON.
import { concat, utf8, type Bytes } from './bytes';
import type { Coin, TxMsg } from './types';

export const MSG_EXEC = '/cosmos.authz.v1beta1.MsgExec';
export const MSG_EXECUTE = '/cosmwasm.wasm.v1.MsgExecuteContract';
export const PUBKEY = '/cosmos.crypto.secp256k1.PubKey';

/** SIGN_MODE_DIRECT and SIGN_MODE_LEGACY_AMINO_JSON. */
export type Mode = 1 | 127;

type Integer = number | bigint;

function varint(value: Integer): Bytes {
  const bytes: number[] = [];
  let rest = BigInt(value);
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

/** Bytes, text or an inner message; left out when empty, as proto3 does. */
function field(number: number, value: Uint8Array | string): Bytes {
  const bytes = typeof value === 'string' ? utf8(value) : value;
  return bytes.length === 0 ? new Uint8Array() : present(number, bytes);
}

/** An inner message that is there even when it is empty. */
const present = (number: number, bytes: Uint8Array): Bytes =>
  concat(varint((number << 3) | 2), varint(bytes.length), bytes);

const integer = (number: number, value: Integer): Bytes =>
  BigInt(value) === 0n ? new Uint8Array() : concat(varint(number << 3), varint(value));

const each = <T>(number: number, list: readonly T[], write: (item: T) => Uint8Array): Bytes =>
  concat(...list.map((item) => present(number, write(item))));

const coin = ({ denom, amount }: Coin): Bytes => concat(field(1, denom), field(2, amount));
const coins = (number: number, list: readonly Coin[]): Bytes => each(number, list, coin);
const any = (type: string, value: Uint8Array): Bytes => concat(field(1, type), field(2, value));
/** Unix seconds as google.protobuf.Timestamp. */
const time = (number: number, seconds: number): Bytes => present(number, integer(1, seconds));

/** A message with its name, as google.protobuf.Any. */
export function anyOf(msg: TxMsg): Bytes {
  const [type, value] = typed(msg);
  return any(type, value);
}

function typed(msg: TxMsg): [string, Bytes] {
  switch (msg.type) {
    case 'execute':
      return [
        MSG_EXECUTE,
        concat(field(1, msg.sender), field(2, msg.contract), field(3, JSON.stringify(msg.msg)), coins(5, msg.funds)),
      ];
    case 'send':
      return ['/cosmos.bank.v1beta1.MsgSend', concat(field(1, msg.from), field(2, msg.to), coins(3, msg.amount))];
    case 'exec':
      return [MSG_EXEC, concat(field(1, msg.grantee), each(2, msg.msgs, anyOf))];
    case 'revoke':
      return [
        '/cosmos.authz.v1beta1.MsgRevoke',
        concat(field(1, msg.granter), field(2, msg.grantee), field(3, msg.msgType)),
      ];
    case 'revoke_allowance':
      return ['/cosmos.feegrant.v1beta1.MsgRevokeAllowance', concat(field(1, msg.granter), field(2, msg.grantee))];
    case 'grant':
      return ['/cosmos.authz.v1beta1.MsgGrant', grant(msg)];
    case 'grant_allowance':
      return ['/cosmos.feegrant.v1beta1.MsgGrantAllowance', allowance(msg)];
  }
}

/** Calls of one contract, so many, with these keys only, and never with coins. */
function grant(msg: Extract<TxMsg, { type: 'grant' }>): Bytes {
  const limit = any('/cosmwasm.wasm.v1.MaxCallsLimit', integer(1, msg.maxCalls));
  const filter = any('/cosmwasm.wasm.v1.AcceptedMessageKeysFilter', each(1, msg.keys, utf8));
  const contract = concat(field(1, msg.contract), field(2, limit), field(3, filter));
  const authorization = any('/cosmwasm.wasm.v1.ContractExecutionAuthorization', present(1, contract));
  const granted = concat(field(1, authorization), time(2, msg.expires));
  return concat(field(1, msg.granter), field(2, msg.grantee), field(3, granted));
}

function allowance(msg: Extract<TxMsg, { type: 'grant_allowance' }>): Bytes {
  const basic = concat(coins(1, msg.spendLimit), time(2, msg.expires));
  const allowed = concat(field(1, any('/cosmos.feegrant.v1beta1.BasicAllowance', basic)), each(2, msg.messages, utf8));
  const wrapped = any('/cosmos.feegrant.v1beta1.AllowedMsgAllowance', allowed);
  return concat(field(1, msg.granter), field(2, msg.grantee), field(3, wrapped));
}

/** What a transaction does. */
export interface Body {
  msgs: readonly TxMsg[];
  memo?: string;
  timeoutHeight?: number;
}

export function txBody({ msgs, memo = '', timeoutHeight = 0 }: Body): Bytes {
  return concat(each(1, msgs, anyOf), field(2, memo), integer(3, timeoutHeight));
}

/** Who signs, and what it costs. */
export interface Auth {
  /** Compressed, 33 bytes. */
  pubkey: Uint8Array;
  sequence: bigint;
  fee: Coin;
  gas: Integer;
  granter?: string;
  mode?: Mode;
}

export function authInfo({ pubkey, sequence, fee, gas, granter = '', mode = 1 }: Auth): Bytes {
  const key = any(PUBKEY, field(1, pubkey));
  const single = present(1, integer(1, mode));
  const signer = concat(field(1, key), field(2, single), integer(3, sequence));
  const paid = concat(coins(1, [fee]), integer(2, gas), field(4, granter));
  return concat(present(1, signer), present(2, paid));
}

/** The bytes that are signed in SIGN_MODE_DIRECT. */
export function signDoc(body: Uint8Array, auth: Uint8Array, chainId: string, account: bigint): Bytes {
  return concat(field(1, body), field(2, auth), field(3, chainId), integer(4, account));
}

/** The transaction as it is broadcast; its SHA-256 is its name. */
export function txRaw(body: Uint8Array, auth: Uint8Array, signature: Uint8Array): Bytes {
  return concat(field(1, body), field(2, auth), present(3, signature));
}
