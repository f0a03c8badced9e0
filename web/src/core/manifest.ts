// The model manifest (documents, section 3): twin of packages/documents/src/manifest.
import { utf8 } from './bytes';
import { JsonError, parseStrict, writeCanonical, type Node } from './canonical';
import { parseCid } from './cid';
import { PromptFault, draftOf, judged, type Prompt } from './prompt';
import { ShapeFault, array, cidOf, fieldsOf, hexOf, oneOf, string, unsigned, wide } from './shape';

export const MAX_MANIFEST_BYTES = 16_384;
const MAX_DEPTH = 6;
const MAX_GOLDEN = 8;
const MAX_LINKS = 64;
const LONG_PROMPT_TOKENS = 256;
/** A file up to this size is one raw leaf; its CID is that of the leaf. */
const LEAF_BYTES = 1_048_576n;
const MAX_INTEGER = 9_007_199_254_740_991n;
const GGUF = ['gguf'] as const;

export interface Golden {
  answer: string;
  finish: 'stop' | 'length';
  links: string[];
  output_tokens: number;
  prompt: Prompt;
  prompt_tokens: number;
  trace: string;
}

export interface Manifest {
  chat_template: string;
  context_tokens: number;
  family: string;
  golden: Golden[];
  license: string;
  name: string;
  numerics: string;
  source: string;
  weights: { bytes: bigint; cid: string; sha256: string };
}

/** Why a document is not a manifest. */
export class ManifestFault extends Error {
  constructor(said: string) {
    super(said);
    this.name = 'ManifestFault';
  }
}

/** Reads a manifest, and checks every rule that needs no machine. Throws `ManifestFault`. */
export function parseManifest(bytes: Uint8Array): Manifest {
  if (bytes.length > MAX_MANIFEST_BYTES) {
    throw new ManifestFault(`got ${bytes.length} bytes, want at most ${MAX_MANIFEST_BYTES}`);
  }
  try {
    const node = parseStrict(bytes, MAX_DEPTH);
    const manifest = read(node);
    checkSpelling(node, bytes);
    check(manifest);
    return manifest;
  } catch (thrown) {
    const known = thrown instanceof JsonError || thrown instanceof ShapeFault || thrown instanceof PromptFault;
    throw known ? new ManifestFault(thrown.message) : thrown;
  }
}

function checkSpelling(node: Node, bytes: Uint8Array): void {
  const written = utf8(writeCanonical(node));
  if (written.length === bytes.length && written.every((byte, at) => byte === bytes[at])) return;
  throw new ManifestFault('not canonical: want sorted keys, no white space and the shortest escapes');
}

const FIELDS = [
  'antiphon',
  'chat_template',
  'context_tokens',
  'family',
  'golden',
  'license',
  'name',
  'numerics',
  'source',
  'tokenizer',
  'weights',
] as const;

function read(node: Node): Manifest {
  const fields = fieldsOf(node, FIELDS);
  oneOf(fields.antiphon, 'antiphon', ['model/1']);
  oneOf(fieldsOf(fields.tokenizer, ['kind']).kind, 'tokenizer.kind', GGUF);
  return {
    chat_template: string(fields.chat_template, 'chat_template'),
    context_tokens: unsigned(fields.context_tokens, 'context_tokens', 32),
    family: string(fields.family, 'family'),
    golden: array(fields.golden, 'golden').map(readGolden),
    license: string(fields.license, 'license'),
    name: string(fields.name, 'name'),
    numerics: string(fields.numerics, 'numerics'),
    source: string(fields.source, 'source'),
    weights: readWeights(fields.weights),
  };
}

function readWeights(node: Node): Manifest['weights'] {
  const { bytes, cid, format, sha256 } = fieldsOf(node, ['bytes', 'cid', 'format', 'sha256'] as const);
  oneOf(format, 'weights.format', GGUF);
  return {
    bytes: wide(bytes, 'weights.bytes'),
    cid: cidOf(cid, 'weights.cid'),
    sha256: hexOf(sha256, 'weights.sha256', 32),
  };
}

const GOLDEN = ['answer', 'finish', 'links', 'output_tokens', 'prompt', 'prompt_tokens', 'trace'] as const;

function readGolden(node: Node): Golden {
  const fields = fieldsOf(node, GOLDEN);
  return {
    answer: cidOf(fields.answer, 'golden.answer'),
    finish: oneOf(fields.finish, 'golden.finish', ['stop', 'length']),
    links: array(fields.links, 'golden.links').map((link) => hexOf(link, 'golden.links', 4)),
    output_tokens: unsigned(fields.output_tokens, 'golden.output_tokens', 32),
    prompt: judged(draftOf(fields.prompt)),
    prompt_tokens: unsigned(fields.prompt_tokens, 'golden.prompt_tokens', 32),
    trace: hexOf(fields.trace, 'golden.trace', 32),
  };
}

/** The rules between values. */
function check(manifest: Manifest): void {
  const { name, license, numerics, family, chat_template, context_tokens, weights, golden } = manifest;
  const isLeaf = parseCid(weights.cid)?.codec === 'raw';
  firstBroken([
    ['name', /^[A-Za-z0-9._-]{1,64}$/.test(name), 'want 1 to 64 of A-Z a-z 0-9 . _ -'],
    ['license', /^[A-Za-z0-9.+\-() :]+$/.test(license), 'want an SPDX expression'],
    ['numerics', /^(?:cn-1|candle-[A-Za-z0-9.+-]+)$/.test(numerics), 'want "cn-1" or "candle-<version>"'],
    ['family', family !== '', 'want a name'],
    ['chat_template', chat_template !== '', 'want a name'],
    ['context_tokens', context_tokens > 0, 'want 1 or more'],
    ['weights.bytes', weights.bytes >= 1n && weights.bytes <= MAX_INTEGER, 'want 1 to 2^53 - 1'],
    ['weights.cid', isLeaf === weights.bytes <= LEAF_BYTES, 'want a raw leaf up to 1 MiB and a dag-pb root above'],
    ['golden', golden.length >= 1 && golden.length <= MAX_GOLDEN, 'want 1 to 8 cases'],
    ['golden', golden.some(isSampled), 'want at least one case with a temperature above 0'],
    ['golden', golden.some(isLong), 'want at least one case of 256 prompt tokens or more'],
  ]);
  for (const one of golden) checkGolden(one, context_tokens);
}

const isSampled = ({ prompt }: Golden): boolean => prompt.sampling.temperature_milli > 0;
const isLong = ({ prompt_tokens }: Golden): boolean => prompt_tokens >= LONG_PROMPT_TOKENS;

function checkGolden(golden: Golden, context: number): void {
  const { answer, output_tokens, prompt, prompt_tokens } = golden;
  firstBroken([
    ['golden.answer', parseCid(answer)?.codec === 'raw', 'want the CID of a raw block'],
    ['golden.output_tokens', output_tokens <= prompt.max_output_tokens, 'want no more than max_output_tokens'],
    [
      'golden.prompt_tokens',
      prompt_tokens > 0 && prompt_tokens + output_tokens <= context,
      'want 1 or more, and with output_tokens no more than context_tokens',
    ],
    ['golden.links', hasLinkForEachStep(golden), 'want one for each step, the first 64 if more'],
  ]);
}

/** A step chooses a token of the answer, or the END token that stops it. */
function hasLinkForEachStep({ links, output_tokens, finish, trace }: Golden): boolean {
  const isOfSteps = links.length === Math.min(output_tokens, MAX_LINKS);
  const hasEnd = finish === 'stop' && links.length === Math.min(output_tokens + 1, MAX_LINKS);
  const last = links.at(-1);
  const endsInTrace = last !== undefined && trace.startsWith(last);
  return (isOfSteps || hasEnd) && (links.length === MAX_LINKS || endsInTrace);
}

function firstBroken(rules: readonly (readonly [string, boolean, string])[]): void {
  const broken = rules.find(([, holds]) => !holds);
  if (broken) throw new ManifestFault(`field ${broken[0]}: ${broken[2]}`);
}
