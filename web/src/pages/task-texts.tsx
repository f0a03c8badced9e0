/** Texts of a task page: question, agreed answer, dissenting answers. Every one is hashed before it is shown. */
import '../i18n/more';
import { readAnswer, readBlock } from '../core/blocks';
import type { Ballot, TaskResponse } from '../core/contract-types';
import { MAX_PROMPT_BYTES, PromptFault, readPrompt } from '../core/prompt';
import type { Context, MemberView, Message, TaskView } from '../core/types';
import { t } from '../i18n';
import { diffWords } from '../lib/diff';
import { useChain } from '../state/load';
import { blockSources } from '../state/names';
import { checkText, makeReceipt } from '../state/receipts';
import { workerName } from '../state/network';
import { ballotGroups, ballotKey } from '../state/voices';
import { ErrorCard } from '../ui/error-card';
import { lazy } from '../ui/lazy';
import { Loading } from '../ui/parts';
import { Ready } from '../ui/states';
import { Transactions } from '../ui/task-facts';
import { testIds } from '../ui/test-ids';

const Markdown = lazy(() => import('../ui/markdown'));

/** The conversation a task was asked with; its last message is the question. */
export function Question({ task }: { task: TaskResponse }) {
  const read = useChain(
    async (ctx, signal) => {
      const { bytes } = await readBlock(ctx, task.prompt, blockSources(), { max: MAX_PROMPT_BYTES, wanted: 1, signal });
      return { messages: messagesIn(bytes) };
    },
    [task.prompt],
  );
  if (read.failure?.code === 'content_unavailable') return <p class="soft">{t('task.question.hidden')}</p>;
  return (
    <div data-test={testIds.taskPrompt}>
      <Ready from={read}>
        {({ messages }) =>
          messages === null ? (
            <p class="soft">{t('task.question.bad')}</p>
          ) : (
            <>
              {messages.map(({ role, content }, index) => (
                <p key={index} class={`prompt-text${role === 'user' ? '' : ' soft'}`}>
                  {content}
                </p>
              ))}
            </>
          )
        }
      </Ready>
    </div>
  );
}

/** Anybody can put any bytes behind a task: what is not a prompt document is not shown as one. */
function messagesIn(bytes: Uint8Array): Message[] | null {
  try {
    return readPrompt(bytes).messages;
  } catch (thrown) {
    if (thrown instanceof PromptFault) return null;
    throw thrown;
  }
}

export function AgreedText({ view }: { view: TaskView }) {
  const { outcome, task } = view;
  if (outcome && 'answer' in outcome) return <Text view={view} cid={outcome.answer.cid} />;
  const over = task.status === 'final' || task.status === 'failed' || outcome !== null;
  return <p class="soft">{t(over ? 'task.answer.none' : 'task.answer.waiting')}</p>;
}

function Text({ view, cid }: { view: TaskView; cid: string }) {
  const read = useChain((ctx, stop) => readAnswer(ctx, cid, sources(view.members), stop), [cid]);
  if (read.failure) return <ErrorCard failure={read.failure} />;
  if (!read.value) return <Loading />;
  const { text } = read.value;
  if (text.trim() === '') return <p class="soft">{t('answer.empty')}</p>;
  return (
    <div data-test={testIds.taskAnswer}>
      <Markdown text={text} fallback={<div class="prose plain">{text}</div>} />
    </div>
  );
}

/** Members that said it first, then everybody on record. */
function sources(members: MemberView[], ballot?: Ballot): string[] {
  const said = members.filter((m) => ballot && m.ballot && ballotKey(m.ballot) === ballotKey(ballot));
  const first = [...said, ...members].flatMap((m) => (m.endpoint ? [m.endpoint] : []));
  return [...new Set([...first, ...blockSources()])];
}

/** Answers of those who stood apart, word by word beside the agreed one. */
export function Minority({ view }: { view: TaskView }) {
  const { outcome, members } = view;
  if (!outcome || !('answer' in outcome)) return null;
  const agreed = outcome.answer.cid;
  const others = ballotGroups(members, outcome).filter((b) => 'answer' in b && b.answer.cid !== agreed);
  if (others.length === 0) return null;
  return (
    <section class="section" data-test={testIds.taskMinority}>
      <h2>{t('task.minority')}</h2>
      <p class="faint">{t('task.minority.words')}</p>
      {others.map((ballot) => (
        <Difference key={ballotKey(ballot)} members={members} agreed={agreed} ballot={ballot} />
      ))}
    </section>
  );
}

function Difference({ members, agreed, ballot }: { members: MemberView[]; agreed: string; ballot: Ballot }) {
  const cid = 'answer' in ballot ? ballot.answer.cid : '';
  const who = members.filter((m) => m.ballot && ballotKey(m.ballot) === ballotKey(ballot));
  const read = useChain((ctx, stop) => bothTexts(ctx, members, agreed, ballot, cid, stop), [agreed, cid]);
  return (
    <div class="section">
      <h3>{who.map((m) => workerName(m.worker)).join(', ')}</h3>
      {read.failure && <p class="soft">{t('task.minority.none')}</p>}
      {!read.failure && !read.value && <Loading lines={2} />}
      {read.value && (
        <p class="diff">
          {diffWords(read.value.agreed, read.value.other).map(({ kind, text }, index) =>
            kind === 'same' ? (
              <span key={index}>{text}</span>
            ) : kind === 'left' ? (
              <del key={index}>{text}</del>
            ) : (
              <ins key={index}>{text}</ins>
            ),
          )}
        </p>
      )}
    </div>
  );
}

async function bothTexts(
  ctx: Context,
  members: MemberView[],
  agreed: string,
  ballot: Ballot,
  cid: string,
  stop: AbortSignal,
): Promise<{ agreed: string; other: string }> {
  const [one, two] = await Promise.all([
    readAnswer(ctx, agreed, sources(members), stop),
    readAnswer(ctx, cid, sources(members, ballot), stop),
  ]);
  return { agreed: one.text, other: two.text };
}

/** Everything that was written on chain about a task, from the node's index. */
export function TransactionList({ task, settled }: { task: number; settled: boolean }) {
  const read = useChain(
    async (ctx) => {
      if (!settled) return [];
      const { receipt } = await checkText(await makeReceipt(ctx, task));
      return receipt?.txs ?? [];
    },
    [task, settled],
  );
  if (!settled) return <p class="soft">{t('tx.later')}</p>;
  return <Ready from={read}>{(txs) => <Transactions txs={txs} />}</Ready>;
}
