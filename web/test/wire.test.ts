import { makeSignDoc, serializeSignDoc } from '@cosmjs/amino';
import {
  ContractExecutionAuthorization,
  MaxCallsLimit,
  AcceptedMessageKeysFilter,
} from 'cosmjs-types/cosmwasm/wasm/v1/authz';
import { MsgExecuteContract } from 'cosmjs-types/cosmwasm/wasm/v1/tx';
import { MsgExec, MsgGrant, MsgRevoke } from 'cosmjs-types/cosmos/authz/v1beta1/tx';
import { MsgSend } from 'cosmjs-types/cosmos/bank/v1beta1/tx';
import { PubKey } from 'cosmjs-types/cosmos/crypto/secp256k1/keys';
import { AllowedMsgAllowance, BasicAllowance } from 'cosmjs-types/cosmos/feegrant/v1beta1/feegrant';
import { MsgGrantAllowance, MsgRevokeAllowance } from 'cosmjs-types/cosmos/feegrant/v1beta1/tx';
import { AuthInfo, SignDoc, TxBody, TxRaw } from 'cosmjs-types/cosmos/tx/v1beta1/tx';
import { Any } from 'cosmjs-types/google/protobuf/any';
import { verifyAsync } from '@noble/secp256k1';
import { describe, expect, it } from 'vitest';
import { aminoBytes, aminoOf } from '../src/core/amino';
import { hex, sha256, unhex, utf8, type Bytes } from '../src/core/bytes';
import { Key } from '../src/core/key';
import { anyOf, authInfo, signDoc, txBody, txRaw } from '../src/core/proto';
import type { TxMsg } from '../src/core/types';

const [ALICE, BOB, CONTRACT] = ['wasm1alice', 'wasm1bob', 'wasm14hj2tavq8f'];
const COIN = { denom: 'uanti', amount: '12345678901234567890' };
const EXPIRES = 1_795_328_545;

const execute: TxMsg = {
  type: 'execute',
  sender: ALICE,
  contract: CONTRACT,
  msg: { post_task: { model: 1, text: 'a < b & c > d é' } },
  funds: [COIN],
};
const messages: TxMsg[] = [
  execute,
  { ...execute, funds: [] },
  { type: 'send', from: ALICE, to: BOB, amount: [COIN] },
  { type: 'revoke', granter: ALICE, grantee: BOB, msgType: '/cosmwasm.wasm.v1.MsgExecuteContract' },
  { type: 'revoke_allowance', granter: ALICE, grantee: BOB },
  {
    type: 'grant',
    granter: ALICE,
    grantee: BOB,
    contract: CONTRACT,
    keys: ['post_task'],
    maxCalls: 300,
    expires: EXPIRES,
  },
  {
    type: 'grant_allowance',
    granter: ALICE,
    grantee: BOB,
    spendLimit: [COIN],
    expires: EXPIRES,
    messages: ['/a', '/b'],
  },
  { type: 'exec', grantee: BOB, msgs: [execute] },
];

const any = (typeUrl: string, value: Uint8Array) => Any.fromPartial({ typeUrl, value });
const expiration = { seconds: BigInt(EXPIRES), nanos: 0 };

/** The same message by cosmjs-types. */
function reference(msg: TxMsg): Any {
  switch (msg.type) {
    case 'execute': {
      const value = {
        sender: msg.sender,
        contract: msg.contract,
        msg: utf8(JSON.stringify(msg.msg)),
        funds: msg.funds,
      };
      return any(MsgExecuteContract.typeUrl, MsgExecuteContract.encode(MsgExecuteContract.fromPartial(value)).finish());
    }
    case 'send':
      return any(
        MsgSend.typeUrl,
        MsgSend.encode({ fromAddress: msg.from, toAddress: msg.to, amount: msg.amount }).finish(),
      );
    case 'revoke':
      return any(
        MsgRevoke.typeUrl,
        MsgRevoke.encode({ granter: msg.granter, grantee: msg.grantee, msgTypeUrl: msg.msgType }).finish(),
      );
    case 'revoke_allowance':
      return any(MsgRevokeAllowance.typeUrl, MsgRevokeAllowance.encode(msg).finish());
    case 'exec':
      return any(MsgExec.typeUrl, MsgExec.encode({ grantee: msg.grantee, msgs: msg.msgs.map(reference) }).finish());
    case 'grant':
      return any(MsgGrant.typeUrl, MsgGrant.encode(referenceGrant(msg)).finish());
    case 'grant_allowance':
      return any(MsgGrantAllowance.typeUrl, MsgGrantAllowance.encode(referenceAllowance(msg)).finish());
  }
}

function referenceGrant(msg: Extract<TxMsg, { type: 'grant' }>): MsgGrant {
  const limit = any(MaxCallsLimit.typeUrl, MaxCallsLimit.encode({ remaining: BigInt(msg.maxCalls) }).finish());
  const filter = any(AcceptedMessageKeysFilter.typeUrl, AcceptedMessageKeysFilter.encode({ keys: msg.keys }).finish());
  const value = ContractExecutionAuthorization.encode({ grants: [{ contract: msg.contract, limit, filter }] }).finish();
  const authorization = any(ContractExecutionAuthorization.typeUrl, value);
  return MsgGrant.fromPartial({ granter: msg.granter, grantee: msg.grantee, grant: { authorization, expiration } });
}

function referenceAllowance(msg: Extract<TxMsg, { type: 'grant_allowance' }>): MsgGrantAllowance {
  const basic = BasicAllowance.encode({ spendLimit: msg.spendLimit, expiration }).finish();
  const allowance = any(BasicAllowance.typeUrl, basic);
  const allowed = AllowedMsgAllowance.encode({ allowance, allowedMessages: msg.messages }).finish();
  return { granter: msg.granter, grantee: msg.grantee, allowance: any(AllowedMsgAllowance.typeUrl, allowed) };
}

describe('protobuf', () => {
  it.each(messages)('writes $type as cosmjs-types does', (msg) => {
    expect(hex(anyOf(msg))).toBe(hex(Any.encode(reference(msg)).finish()));
  });

  it('writes body, fee and signer of a transaction, with everything and with as little as can be', () => {
    for (const [memo, timeoutHeight, granter] of [
      ['hello é', 123_456, ALICE],
      ['', 0, ''],
    ] as const) {
      const body = { messages: messages.map(reference), memo, timeoutHeight: BigInt(timeoutHeight) };
      expect(hex(txBody({ msgs: messages, memo, timeoutHeight }))).toBe(
        hex(TxBody.encode(TxBody.fromPartial(body)).finish()),
      );
      for (const mode of [1, 127] as const) {
        const pubkey = new Uint8Array(33).fill(2);
        const fee = { amount: [COIN], gasLimit: 4_000_000n, granter, payer: '' };
        const publicKey = any(PubKey.typeUrl, PubKey.encode({ key: pubkey }).finish());
        const signerInfos = [{ publicKey, modeInfo: { single: { mode } }, sequence: 300n }];
        const want = AuthInfo.encode(AuthInfo.fromPartial({ signerInfos, fee })).finish();
        const got = authInfo({ pubkey, sequence: 300n, fee: COIN, gas: 4_000_000, granter, mode });
        expect(hex(got)).toBe(hex(want));
      }
    }
  });

  it('writes the document that is signed and the transaction that is sent', () => {
    const [body, auth, signature] = [utf8('body'), utf8('auth'), new Uint8Array(64).fill(7)];
    for (const account of [0n, 7n, 1n << 40n]) {
      const want = SignDoc.encode({ bodyBytes: body, authInfoBytes: auth, chainId: 'c-1', accountNumber: account });
      expect(hex(signDoc(body, auth, 'c-1', account))).toBe(hex(want.finish()));
    }
    const raw = TxRaw.encode({ bodyBytes: body, authInfoBytes: auth, signatures: [signature] }).finish();
    expect(hex(txRaw(body, auth, signature))).toBe(hex(raw));
  });
});

describe('amino documents', () => {
  it.each(messages)('of $type are written as @cosmjs/amino writes them', (msg) => {
    const fee = { amount: [COIN], gas: '200000', granter: ALICE };
    const doc = makeSignDoc([aminoOf(msg)], fee, 'c-1', 'a < b', 7, 3, 99n);
    expect(hex(aminoBytes(doc as never))).toBe(hex(serializeSignDoc(doc)));
  });

  it('of a grant hold what a hardware wallet shows', () => {
    const [grant] = messages.filter(({ type }) => type === 'grant');
    expect(aminoOf(grant)).toEqual({
      type: 'cosmos-sdk/MsgGrant',
      value: {
        granter: ALICE,
        grantee: BOB,
        grant: {
          authorization: {
            type: 'wasm/ContractExecutionAuthorization',
            value: {
              grants: [
                {
                  contract: CONTRACT,
                  limit: { type: 'wasm/MaxCallsLimit', value: { remaining: '300' } },
                  filter: { type: 'wasm/AcceptedMessageKeysFilter', value: { keys: ['post_task'] } },
                },
              ],
            },
          },
          expiration: '2026-11-22T06:22:25Z',
        },
      },
    });
  });
});

describe('a key', () => {
  const secret = unhex('d33d61c8ac34b5b8d9a8d77dc7fa4d91c598e562b919a7925cb846d4384528d1') as Bytes;

  it('has the public key of the shared vectors and signs what verifies', async () => {
    const key = new Key(secret);
    expect(hex(key.pubkey)).toBe('034d9e467eb1a90b74a53db93e3e232f3b35d09dcba1914ad1e2da546a33004be8');
    const signature = await key.sign(utf8('hello'));
    const digest = await sha256(utf8('hello'));
    expect(await verifyAsync(signature, digest, key.pubkey, { prehash: false })).toBe(true);
    expect(await key.address('wasm')).toMatch(/^wasm1[a-z0-9]{38}$/);
  });
});
