import { execFileSync } from 'node:child_process';
import { writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { ask, watch } from '../src/core/ask';
import { directPayer } from '../src/core/payer';
import { buildReceipt, checkOnChain, checkReceipt } from '../src/core/receipt';
import { askFaucet, connectGuest } from '../src/core/wallet';
import { context, liveNetwork, question } from './network';

const net = liveNetwork();

/** The same receipt, made by the command line. */
function byCommandLine(task: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'antiphon-receipt-'));
  try {
    const network = join(folder, 'network.json');
    writeFileSync(network, inject('facts'), { mode: 0o600 });
    const program = join(process.env.ANTIPHON_BIN_DIR ?? '', 'antiphon');
    const options = ['receipt', String(task), '--network', network, '--development'];
    return execFileSync(program, options, { encoding: 'utf8' }).trimEnd();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('a receipt made by the page', () => {
  it('Demand 5: is consistent, happened on the chain it names, and is that of the command line', async () => {
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

    expect(byCommandLine(task.id)).toBe(text);

    const other = { ...receipt!, task: { ...receipt!.task, id: 999_999n } };
    const failed = (await checkOnChain(ctx, other)).filter((check) => !check.ok).map(({ name }) => name);
    expect(failed).toContain('chain_task');
  });
});
