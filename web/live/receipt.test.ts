import { describe, expect, it } from 'vitest';
import { ask, watch } from '../src/core/ask';
import { directPayer } from '../src/core/payer';
import { buildReceipt, checkOnChain, checkReceipt } from '../src/core/receipt';
import { askFaucet, connectGuest } from '../src/core/wallet';
import { context, liveNetwork, question } from './network';

const net = liveNetwork();

describe('a receipt made by the page', () => {
  it('Demand 5: is consistent, and happened on the chain it names', async () => {
    const signer = await connectGuest(net);
    await askFaucet(net, signer.address).catch(() => undefined);
    const ctx = context(net, directPayer(signer));
    const { task } = await ask(ctx, question(), () => undefined);
    await watch(ctx, task.id, () => undefined);
    const text = await buildReceipt(ctx, task.id);
    const { ok, checks, receipt } = await checkReceipt(text);
    expect(checks.filter((check) => !check.ok)).toEqual([]);
    expect(ok).toBe(true);
    const chain = await checkOnChain(ctx, receipt!);
    console.log(text.length, chain.map(({ name, detail }) => `${name}: ${detail}`).join('; '));
    expect(chain.filter((check) => !check.ok)).toEqual([]);

    const other = { ...receipt!, task: { ...receipt!.task, id: 999_999n } };
    const failed = (await checkOnChain(ctx, other)).filter((check) => !check.ok).map(({ name }) => name);
    expect(failed).toContain('chain_task');
  });
});
