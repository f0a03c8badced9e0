/** A word diff of two texts, for a dissenting answer beside the agreed one. */

export interface DiffPart {
  kind: 'same' | 'left' | 'right';
  text: string;
}

/** Above this many words on a side the table would grow past what a phone should hold: texts are then shown whole. */
const MOST_WORDS = 1500;

/** Longest common subsequence over words and the white space between them; equal neighbours are joined. */
export function diffWords(left: string, right: string): DiffPart[] {
  const a = left.split(/(\s+)/).filter(Boolean);
  const b = right.split(/(\s+)/).filter(Boolean);
  if (a.length > MOST_WORDS || b.length > MOST_WORDS) return join([part('left', left), part('right', right)]);
  const table = lengths(a, b);
  const out: DiffPart[] = [];
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) {
      out.push(part('same', a[i++] ?? ''));
      j++;
    } else if (at(table, i + 1, j, b.length) >= at(table, i, j + 1, b.length)) {
      out.push(part('left', a[i++] ?? ''));
    } else {
      out.push(part('right', b[j++] ?? ''));
    }
  }
  out.push(part('left', a.slice(i).join('')), part('right', b.slice(j).join('')));
  return join(out);
}

function part(kind: DiffPart['kind'], text: string): DiffPart {
  return { kind, text };
}

function at(table: Uint16Array, i: number, j: number, width: number): number {
  return table[i * (width + 1) + j] ?? 0;
}

function lengths(a: string[], b: string[]): Uint16Array {
  const table = new Uint16Array((a.length + 1) * (b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      table[i * (b.length + 1) + j] =
        a[i] === b[j]
          ? at(table, i + 1, j + 1, b.length) + 1
          : Math.max(at(table, i + 1, j, b.length), at(table, i, j + 1, b.length));
    }
  }
  return table;
}

function join(parts: DiffPart[]): DiffPart[] {
  const out: DiffPart[] = [];
  for (const { kind, text } of parts) {
    const last = out.at(-1);
    if (text === '') continue;
    if (last?.kind === kind) last.text += text;
    else out.push({ kind, text });
  }
  return out;
}
