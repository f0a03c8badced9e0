import { describe, expect, it } from 'vitest';
import { ask } from '../src/core/ask';
import { Key, localSigner } from '../src/core/signer';
import { loadKey, sessionId } from '../src/core/keystore';
import { endSession, sessionPayer, sessionStatus, startSession } from '../src/core/session';
import { submit } from '../src/core/tx';
import type { Context, TxMsg } from '../src/core/types';
import { askFaucet, connectKeplr } from '../src/core/wallet';
import { context, liveNetwork, question } from './network';
import { installWallet } from './wallet';

const net = liveNetwork();
const nothing = () => undefined;

async function rights(ctx: Context, granter: string) {
  return {
    grants: (await ctx.rest.grantsBy(granter)).length,
    allowances: (await ctx.rest.allowancesBy(granter)).length,
  };
}

describe.each([false, true])('a session of a wallet (Ledger: %s)', (ledger) => {
  it('Demand 6: takes one popup for all messages; Demand 7: its end leaves no grant and no allowance', async () => {
    const wallet = await installWallet(net.prefix);
    wallet.ledger = ledger;
    const signer = await connectKeplr(net);
    await askFaucet(net, signer.address);
    const plain = context(net);
    const started = await startSession(plain, signer, { calls: 10, minutes: 10, deposit: 3_000_000n });
    expect(wallet.popups).toBe(1);
    expect(started.callsLeft).toBe(10);
    expect(started.prepaid).toBe(3_000_000n);
    expect(started.expires.getTime()).toBeGreaterThan(Date.now() + 9 * 60_000);

    const ctx = context(net, await sessionPayer(plain, signer.address));
    for (let message = 0; message < 3; message++) {
      const result = await ask(ctx, question(), nothing);
      expect(result.task.task.requester).toBe(signer.address);
    }
    expect(wallet.popups).toBe(1);
    const left = await sessionStatus(plain, signer.address);
    expect(left?.callsLeft).toBe(7);
    expect(left && left.feeLeft < started.feeLeft).toBe(true);
    console.log('fee of one call', Number(started.feeLeft - (left?.feeLeft ?? 0n)) / 3);

    // A second session over the first: the allowance that is there is revoked in the same transaction.
    await startSession(plain, signer, { calls: 5, minutes: 5, deposit: 0n });
    expect(wallet.popups).toBe(2);
    expect(await rights(plain, signer.address)).toEqual({ grants: 1, allowances: 1 });
    await endSession(plain, signer);
    expect(wallet.popups).toBe(3);
    expect(await rights(plain, signer.address)).toEqual({ grants: 0, allowances: 0 });
    expect(await sessionStatus(plain, signer.address)).toBeNull();
    await expect(ask(ctx, question(), nothing)).rejects.toMatchObject({ code: 'session_over' });
    wallet.refuse = true;
    const again = startSession(plain, signer, { calls: 5, minutes: 5, deposit: 0n });
    await expect(again).rejects.toMatchObject({ code: 'wallet_refused' });
  });
});

describe('a session key', () => {
  it('Demand 6: can make no other call, call no other contract, and send no coins', async () => {
    await installWallet(net.prefix);
    const signer = await connectKeplr(net);
    await askFaucet(net, signer.address);
    const ctx = context(net);
    await startSession(ctx, signer, { calls: 10, minutes: 10, deposit: 1_000_000n });
    const granter = signer.address;
    const stored = await loadKey(sessionId(net.chain_id, net.contract, granter));
    const session = await localSigner(net, ctx.rest, new Key(stored!.secret), 'session');
    const execute = { type: 'execute' as const, sender: granter, contract: net.contract, funds: [] };
    const tries: TxMsg[] = [
      { ...execute, msg: { withdraw: {} } },
      { ...execute, msg: { deposit: {} }, funds: [{ denom: net.denom, amount: '1' }] },
      {
        ...execute,
        contract: 'wasm1nc5tatafv6eyq7llkr2gv50ff9e22mnf70qgjlv737ktmt4eswrqr5j2ht',
        msg: { post_task: {} },
      },
      { type: 'send', from: granter, to: session.address, amount: [{ denom: net.denom, amount: '1' }] },
    ];
    for (const msg of tries) {
      const sent = submit(ctx, session, [{ type: 'exec', grantee: session.address, msgs: [msg] }], {
        feeGranter: granter,
      });
      await expect(sent).rejects.toMatchObject({ name: 'AntiphonError' });
    }
    await endSession(ctx, signer);
  });
});
