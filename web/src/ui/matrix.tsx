/**
 * Ballots × members. The picture is a table: each mark has its word for those who do not see it, and its shape for those
 * who do not see its colour.
 */
import '../i18n/more';
import type { Ballot } from '../core/contract-types';
import type { MemberView } from '../core/types';
import { t, type Key } from '../i18n';
import { shorten } from '../lib/format';
import { routeHash } from '../router';
import { money, workerName } from '../state/network';
import { ballotGroups, ballotKey } from '../state/voices';
import { Cid } from './parts';
import { testIds } from './test-ids';

interface MatrixProps {
  members: MemberView[];
  outcome: Ballot | null;
  size: number;
  /** Where there are several, which one. */
  label?: string;
}

export function Matrix({ members, outcome, size, label = t('proof.ballots') }: MatrixProps) {
  const groups = ballotGroups(members, outcome);
  const known = groups.length > 0;
  const rows = [...members].sort((a, b) => a.position - b.position);
  const moved = rows.some((m) => m.paid > 0n || m.forfeited > 0n);
  return (
    <div class="scroll-x" data-test={testIds.taskMatrix} tabIndex={0} role="region" aria-label={label}>
      <table class="matrix" data-test={testIds.taskMatrixTable}>
        <caption class="hidden-text">{t('task.ballots.words')}</caption>
        <thead>
          <tr>
            <th scope="col">{t('proof.worker')}</th>
            {known &&
              groups.map((ballot, index) => (
                <th scope="col" class="dot" key={ballotKey(ballot)} title={ballotTitle(ballot)}>
                  {columnName(ballot, index, outcome)}
                </th>
              ))}
            <th scope="col">{t('proof.conduct')}</th>
            {moved && (
              <th scope="col" class="number">
                {t('proof.paid')}
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {rows.map((member) => (
            <Row
              key={`${member.round}/${member.worker}`}
              member={member}
              groups={groups}
              outcome={outcome}
              moved={moved}
            />
          ))}
          {rows.length < size && rows.length > 0 && (
            <tr>
              <td colSpan={groups.length + 2 + (moved ? 1 : 0)} class="faint">
                {t('strands.waiting', { n: size - rows.length })}
              </td>
            </tr>
          )}
        </tbody>
      </table>
    </div>
  );
}

interface RowProps {
  member: MemberView;
  groups: Ballot[];
  outcome: Ballot | null;
  moved: boolean;
}

function Row({ member, groups, outcome, moved }: RowProps) {
  const own = member.ballot ? ballotKey(member.ballot) : null;
  const agreed = outcome ? ballotKey(outcome) : null;
  return (
    <tr>
      <th scope="row">
        <a href={routeHash({ page: 'worker', address: member.worker })} title={member.worker}>
          {named(member.worker)}
        </a>
      </th>
      {groups.map((ballot) => {
        const key = ballotKey(ballot);
        const kind = own !== key ? 'none' : agreed === null ? 'open' : key === agreed ? 'agree' : 'apart';
        return (
          <td class="dot" key={key}>
            <Dot kind={kind} />
          </td>
        );
      })}
      <td>{conductWords(member)}</td>
      {moved && <td class="number">{moneyOf(member)}</td>}
    </tr>
  );
}

type Kind = 'agree' | 'apart' | 'open' | 'none';

/** A full disc in unison, a cross apart, a ring before anything is decided, a short dash for none. */
function Dot({ kind }: { kind: Kind }) {
  const words = { agree: 'vote.agree', apart: 'vote.apart', open: 'vote.agree', none: null } as const;
  const key = words[kind];
  return (
    <span class={kind === 'none' ? 'void' : kind === 'open' ? '' : kind}>
      <svg
        width="16"
        height="16"
        viewBox="0 0 16 16"
        aria-hidden="true"
        fill="none"
        stroke="currentColor"
        stroke-width="2"
      >
        {kind === 'agree' && <circle cx="8" cy="8" r="5" fill="currentColor" stroke="none" />}
        {kind === 'open' && <circle cx="8" cy="8" r="4.5" />}
        {kind === 'apart' && <path d="m4 4 8 8m0-8-8 8" stroke-linecap="round" />}
        {kind === 'none' && <path d="M6.5 8h3" opacity=".45" />}
      </svg>
      {key && <span class="hidden-text">{t(key)}</span>}
    </span>
  );
}

function columnName(ballot: Ballot, index: number, outcome: Ballot | null): string {
  if ('invalid' in ballot) return t('status.invalid');
  if ('unavailable' in ballot) return t('status.unavailable');
  return index === 0 && outcome ? t('proof.answer') : String.fromCharCode(65 + index);
}

function ballotTitle(ballot: Ballot): string {
  return 'answer' in ballot ? ballot.answer.cid : (Object.keys(ballot)[0] ?? '');
}

function named(address: string): string {
  const name = workerName(address);
  return name === address ? shorten(address, 8, 4) : name;
}

/** How it was judged, or how far it is. */
export function conductWords(member: MemberView): string {
  if (member.conduct) return t(`conduct.${member.conduct}` as Key);
  if (member.state === 'committed') return t('vote.committed');
  if (member.state === 'drawn') return t('vote.drawn');
  return member.state === 'silent' ? t('vote.silent') : t('conduct.open');
}

function moneyOf(member: MemberView): string {
  if (member.forfeited > 0n) return `\u2212${money(member.forfeited)}`;
  return member.paid > 0n ? money(member.paid) : '\u2013';
}

/** A ballot of an answer, spelled out. */
export function BallotFacts({ ballot }: { ballot: Ballot }) {
  if (!('answer' in ballot)) return <span>{columnName(ballot, 0, null)}</span>;
  return <Cid value={ballot.answer.cid} what={t('proof.answer')} />;
}
