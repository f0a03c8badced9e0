/** One message of the account itself, outside any session: an appeal, a rating, a step that is due. */
import { AntiphonError, asAntiphonError } from '../core/errors';
import type { Context, Signer } from '../core/types';
import type { Failure } from '../ui/error-card';
import { reader } from './network';
import { accountSigner, refreshAccount } from './wallet';

/** Null once it is done, else what went wrong. */
export async function actAlone(work: (ctx: Context, signer: Signer) => Promise<unknown>): Promise<Failure | null> {
  try {
    const ctx = reader.value;
    if (!ctx) throw new AntiphonError('node_down', {}, 'no network is set');
    await work(ctx, await accountSigner());
    return null;
  } catch (thrown) {
    const { code, params, detail } = asAntiphonError(thrown);
    return { code, params, detail };
  } finally {
    void refreshAccount();
  }
}
