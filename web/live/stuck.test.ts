import { describe, expect, inject, it } from 'vitest';
import { ask } from '../src/core/ask';
import { directPayer } from '../src/core/payer';
import type { OnEvent } from '../src/core/types';
import { askFaucet, connectGuest } from '../src/core/wallet';
import { context, liveNetwork, question } from './network';

const net = liveNetwork();

/** Every worker stands still, or goes on. */
function workers(signal: 'SIGSTOP' | 'SIGCONT'): void {
  const { processes } = JSON.parse(inject('facts')) as { processes: Record<string, number> };
  for (const [name, pid] of Object.entries(processes)) if (name.startsWith('worker')) process.kill(pid, signal);
}

describe('a task whose workers are all gone', () => {
  it('Demand 15: ends without an answer by the page alone, and the escrow comes back', async () => {
    const signer = await connectGuest(net);
    await askFaucet(net, signer.address).catch(() => undefined);
    const ctx = context(net, directPayer(signer));
    const before = await ctx.contract.balance(signer.address);
    const on: OnEvent = (event) => void (event.type === 'stage' && event.stage === 'broadcast' && workers('SIGSTOP'));
    try {
      const failed = ask(ctx, question(), on);
      await expect(failed).rejects.toMatchObject({ code: 'no_quorum', params: { best: 0 } });
      const back = (await ctx.contract.balance(signer.address)) - before;
      expect(back).toBeGreaterThan(0n);
    } finally {
      workers('SIGCONT');
    }
  }, 300_000);
});
