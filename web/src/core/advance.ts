// When nobody else moves a task on: a page with a key of its own does, so that no escrow stays behind.
import { advance } from './act';
import type { TaskResponse } from './contract-types';
import type { Context } from './types';

/** Blocks a due transition is left to the workers, who make it for their own sake. */
const PATIENCE = 10;

/** Watches one task for a transition that has been due for long. */
export class Helper {
  private since: number | null = null;
  /** The state it was due in. */
  private entered = 0;

  constructor(private readonly ctx: Context) {}

  /** Failure is no matter: the transition may have been made in the meantime, and the next look tells. */
  async look(task: TaskResponse): Promise<void> {
    const signer = this.ctx.payer?.signer;
    // A wallet would open a popup, and a session may do nothing but ask.
    if (!task.due || signer?.kind !== 'guest') return;
    const { height } = await this.ctx.rest.latest();
    if (this.entered !== task.entered) this.since = null;
    this.entered = task.entered;
    this.since ??= height;
    if (height - this.since <= PATIENCE) return;
    this.since = null;
    await advance(this.ctx, signer, task.task).catch(() => undefined);
  }
}
