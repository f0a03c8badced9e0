/** The choice of a committee's size: what each costs, and what it is worth against dishonest seats. */
import '../i18n/more';
import type { OddsInfo, SecurityResponse } from '../core/contract-types';
import { AntiphonError } from '../core/errors';
import type { Context } from '../core/types';
import { language, t, type Key } from '../i18n';
import { oddsOf, percent } from '../lib/odds';
import { chosenModel, committeeSizes, options, price, setOption } from '../state/composer';
import { useChain } from '../state/load';
import { money, roughMoney } from '../state/network';
import { Ready } from './states';
import { testIds } from './test-ids';

/** The share that is told in each row. */
const TOLD = 33;
/** Sizes below the smallest ordinary one are for networks that say so. */
const ORDINARY = 5;

/** What the contract says of each size; null where there are too few seats for it. */
type Known = Map<number, SecurityResponse | null>;

async function securityOf(ctx: Context, model: number, sizes: readonly number[], stop: AbortSignal): Promise<Known> {
  const ask = async (size: number) => {
    try {
      return [size, await ctx.contract.security(model, size, stop)] as const;
    } catch (thrown) {
      if (thrown instanceof AntiphonError && thrown.code === 'no_workers') return [size, null] as const;
      throw thrown;
    }
  };
  return new Map(await Promise.all(sizes.map(ask)));
}

export function CommitteeChoice() {
  const model = chosenModel.value?.model;
  const sizes = committeeSizes.value;
  const read = useChain(
    async (ctx, stop) => (model === undefined ? new Map() : securityOf(ctx, model, sizes, stop)) as Known,
    [model, sizes.join()],
    15_000,
  );
  return (
    <fieldset class="committee wide" data-test={testIds.committeeChoice}>
      <legend>{t('committee.title')}</legend>
      <p class="faint">{t('committee.words')}</p>
      <Ready from={read}>
        {(known) => (
          <>
            {sizes.map((size) => (
              <Size key={size} size={size} security={known.get(size) ?? null} />
            ))}
            <Chosen security={known.get(options.value.committee) ?? null} />
          </>
        )}
      </Ready>
    </fieldset>
  );
}

function Size({ size, security }: { size: number; security: SecurityResponse | null }) {
  const seats = chosenModel.value?.seats ?? 0;
  const told = security?.odds.find(({ dishonest_percent }) => dishonest_percent === TOLD);
  const cost = priceOf(size);
  return (
    <label class="size">
      <input
        type="radio"
        name="committee"
        value={size}
        checked={options.value.committee === size}
        disabled={security === null}
        data-test={testIds.committeeOption}
        data-size={size}
        onChange={() => setOption('committee', size)}
      />
      <span>
        <strong>{t('committee.size', { n: size })}</strong>
        {cost !== null && <span class="price">{t('composer.price', { amount: roughMoney(cost) })}</span>}
        <small>
          {security === null ? t('committee.few', { n: size, seats }) : told && oddsWords(told, security)}
          {size < ORDINARY && ` ${t('committee.trial')}`}
        </small>
      </span>
    </label>
  );
}

/** The escrow is so many times the fee of one member. */
export function priceOf(size: number, escrow = price.value, of = options.value.committee): bigint | null {
  return escrow === null || of < 1 ? null : (escrow / BigInt(of)) * BigInt(size);
}

/** `1 in 25`; it `can` happen if the dishonest seats are enough for it. */
export function oneIn(value: string, can = false): string {
  const { kind, n } = oddsOf(BigInt(value), can);
  return t(`committee.${kind}`, { n });
}

/** `If a third of the seats are dishonest: 1 in 25 wrong, 1 in 3 without an answer`. */
export function oddsWords(odds: OddsInfo, of: { committee: number; quorum: number }): string {
  const { dishonest_percent, dishonest_seats, wrong, blocked } = odds;
  return t('committee.odds', {
    share: shareWords(dishonest_percent),
    wrong: oneIn(wrong, dishonest_seats >= of.quorum),
    blocked: oneIn(blocked, dishonest_seats > of.committee - of.quorum),
  });
}

function shareWords(share: number): string {
  const key = { 10: 'committee.share.10', 20: 'committee.share.20', 33: 'committee.share.33' }[share];
  return key ? t(key as Key) : percent(BigInt(share) * 10n ** 16n, language.value);
}

/** More of the size that is chosen: every share in numbers, appeals, what a wrong committee would lose. */
function Chosen({ security }: { security: SecurityResponse | null }) {
  if (!security) return null;
  const { odds, seats, busy, rounds_possible, cost_to_corrupt, meter_takes, committee } = security;
  return (
    <div class="chosen">
      <table data-test={testIds.committeeOdds} data-size={committee}>
        <caption class="hidden-text">{t('committee.table')}</caption>
        <thead>
          <tr>
            <th scope="col">{t('committee.share')}</th>
            <th scope="col" class="number">
              {t('committee.wrong')}
            </th>
            <th scope="col" class="number">
              {t('committee.blocked')}
            </th>
          </tr>
        </thead>
        <tbody>
          {odds.map(({ dishonest_percent, dishonest_seats, wrong, blocked }) => (
            <tr key={dishonest_percent}>
              <th scope="row">{t('stages.count', { n: dishonest_seats, size: seats })}</th>
              <td class="number">{percent(BigInt(wrong), language.value)}</td>
              <td class="number">{percent(BigInt(blocked), language.value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="faint">
        {t('committee.rounds', { n: rounds_possible })} {!meter_takes && t('committee.meter')}
        {meter_takes &&
          BigInt(cost_to_corrupt) > 0n &&
          t('committee.cost', { amount: money(BigInt(cost_to_corrupt)) })}{' '}
        {busy > 0 && t('committee.busy', { busy, seats })}
      </p>
    </div>
  );
}
