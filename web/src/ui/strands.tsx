/** The picture of a round, in three sizes. The words beside it say the same; see `lib/strands.ts` for the geometry. */
import { FULL, LINE, ROW, layout, tally, type Picture, type Strand, type Voice, type VoiceState } from '../lib/strands';
import { t, type Key } from '../i18n';
import { testIds } from './test-ids';

export type Size = 'row' | 'line' | 'full';
const FRAMES = { row: ROW, line: LINE, full: FULL };
const WORDS: VoiceState[] = ['agree', 'apart', 'silent', 'committed', 'drawn', 'waiting'];

/** `5 voices: 4 in unison, 1 apart`. */
export function strandWords(voices: Voice[]): string {
  const counts = tally(voices);
  const parts = WORDS.filter((state) => counts[state] > 0).map((state) =>
    t(`strands.${state}` as Key, { n: counts[state] }),
  );
  return t('strands.label', { size: voices.length, parts: parts.join(', ') });
}

/** `decorative`: a table or sentence right beside it says it already. */
export function Strands(props: { voices: Voice[]; decided: boolean; size: Size; decorative?: boolean }) {
  const { voices, decided, size, decorative } = props;
  const picture = layout(voices, FRAMES[size], decided);
  const counts = tally(voices);
  const [left, right] = edges(picture, size);
  const spoken = decorative
    ? ({ 'aria-hidden': true } as const)
    : ({ role: 'img', 'aria-label': strandWords(voices) } as const);
  return (
    <svg
      class={`strands ${size}${decided ? ' decided' : ''}`}
      viewBox={`${left} 0 ${right - left} ${picture.height}`}
      width={right - left}
      height={picture.height}
      data-test={testIds.strands}
      data-size={voices.length}
      data-committed={counts.committed + counts.agree + counts.apart}
      data-revealed={counts.agree + counts.apart}
      data-agree={counts.agree}
      data-dissent={counts.apart}
      data-silent={counts.silent}
      {...spoken}
    >
      {picture.strands.map((strand, index) => (
        <path key={index} class={strand.state} d={strand.d} stroke-width={strand.stroke} />
      ))}
      {size === 'full' && picture.strands.map((strand, index) => <Seat key={index} strand={strand} />)}
      <Ends picture={picture} />
    </svg>
  );
}

/** From the seats to the end marks: both stand exactly at the edges of the column. */
function edges({ strands, unison, apart, mark }: Picture, size: Size): [number, number] {
  const { start, end } = strands[0] ?? { start: { x: 0 }, end: { x: 0 } };
  const marked = unison !== null || apart.length > 0;
  return [start.x - (size === 'full' ? 4 : 0.5), end.x + (marked ? mark : 0.5)];
}

/** A round seat when drawn, a square one once it is bound to a ballot. */
function Seat({ strand }: { strand: Strand }) {
  const { x, y } = strand.start;
  const bound = strand.state === 'committed' || strand.state === 'agree' || strand.state === 'apart';
  if (bound) return <rect class={`seat ${strand.state}`} x={x - 4} y={y - 4} width="8" height="8" />;
  return <circle class={`seat ${strand.state === 'drawn' ? '' : 'asleep'}`} cx={x} cy={y} r="3.5" />;
}

function Ends({ picture }: { picture: Picture }) {
  const { unison, apart, mark } = picture;
  return (
    <>
      {unison && <path class="unison" d={unison.d} stroke-width={unison.stroke} />}
      {unison && <circle class="end" cx={unison.end.x} cy={unison.end.y} r={mark * 0.9} />}
      {apart.map(({ x, y }, index) => (
        <path
          key={index}
          class="cross"
          d={`M${x - mark} ${y - mark}L${x + mark} ${y + mark}M${x - mark} ${y + mark}L${x + mark} ${y - mark}`}
        />
      ))}
    </>
  );
}

/** Five voices becoming one: the project's mark. */
export function Mark() {
  const voices: Voice[] = Array.from({ length: 5 }, () => ({ state: 'agree', group: 0 }));
  const picture = layout(voices, { width: 40, height: 20, pad: 5 }, true);
  return (
    <svg class="strands row decided" aria-hidden="true" viewBox="0 0 40 20" width="40" height="20">
      {picture.strands.map((strand, index) => (
        <path key={index} class="agree" d={strand.d} stroke-width="1.25" />
      ))}
      <Ends picture={picture} />
    </svg>
  );
}
