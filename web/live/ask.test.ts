import { describe, expect, it } from 'vitest';
import { ask, follow, resume, watch } from '../src/core/ask';
import { directPayer } from '../src/core/payer';
import { askFaucet, connectGuest } from '../src/core/wallet';
import { context, liveNetwork, question, recorder } from './network';

const net = liveNetwork();

describe('a guest on a real network', () => {
  it('asks, sees the answer agreed, and reads it from two workers', async () => {
    const signer = await connectGuest(net);
    const gift = await askFaucet(net, signer.address);
    expect(gift.address).toBe(signer.address);
    const ctx = context(net, directPayer(signer));
    const { on, events, stages } = recorder();
    const asked = question();
    const result = await ask(ctx, asked, on);
    console.log(stages().join('  '), JSON.stringify(result.answer));
    expect(result.answer.sources).toHaveLength(2);
    expect(result.known).toBe(false);
    const pending = events.filter(({ event }) => event.type === 'pending');
    expect(pending).toHaveLength(1);

    const again = await ask(context(net), asked, () => undefined);
    expect(again.known).toBe(true);
    expect(again.answer.text).toBe(result.answer.text);

    const followed = await follow(context(net), result.task.id, () => undefined);
    expect(followed.answer.cid).toBe(result.answer.cid);

    const end = await watch(context(net), result.task.id, () => undefined);
    expect(end.stage).toBe('final');
    expect(end.members.map(({ conduct }) => conduct)).toEqual(['right', 'right', 'right', 'right', 'right']);
    expect(end.members.every(({ paid }) => paid > 0n)).toBe(true);

    const { event } = pending[0];
    if (event.type !== 'pending') return;
    const resumed = await resume(context(net), event, () => undefined);
    expect(resumed.task.id).toBe(result.task.id);
  });
});
