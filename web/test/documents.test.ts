import { describe, expect, it } from 'vitest';
import { hex, unhex, utf8 } from '../src/core/bytes';
import { canonical, parseStrict, plainOf } from '../src/core/canonical';
import { cidOfRaw, cidText, isCid, matches, parseCid } from '../src/core/cid';
import { ManifestFault, parseManifest } from '../src/core/manifest';
import { PromptFault, parsePrompt, writePrompt } from '../src/core/prompt';
import { vectors } from './vectors';

interface Case {
  name: string;
  text?: string;
  hex?: string;
  parts?: [string, number][];
  bytes?: number;
  cid?: string;
  prompt_bytes?: number;
  max_output_tokens: number;
  reason?: string;
}

const data = vectors('documents');

function bytesOf(vector: Case): Uint8Array {
  if (vector.hex !== undefined) return unhex(vector.hex) as Uint8Array;
  const text = vector.text ?? (vector.parts ?? []).map(([piece, count]) => piece.repeat(count)).join('');
  return utf8(text);
}

function reasonOf(bytes: Uint8Array, vector: Case): string | null {
  const task = { prompt_bytes: vector.prompt_bytes ?? bytes.length, max_output_tokens: vector.max_output_tokens };
  try {
    parsePrompt(bytes, task);
    return null;
  } catch (thrown) {
    return thrown instanceof PromptFault ? thrown.reason : String(thrown);
  }
}

describe('the prompt document', () => {
  it.each(data.valid_prompts as Case[])('is read, and written again alike: $name', async (vector) => {
    const bytes = bytesOf(vector);
    expect(bytes.length).toBe(vector.bytes);
    expect(reasonOf(bytes, vector)).toBeNull();
    expect(await cidOfRaw(bytes)).toBe(vector.cid);
    const task = { prompt_bytes: bytes.length, max_output_tokens: vector.max_output_tokens };
    const { messages, sampling, stop, max_output_tokens } = parsePrompt(bytes, task);
    const again = await writePrompt(messages, { ...sampling, stop, max_output_tokens });
    expect(again.cid).toBe(vector.cid);
    expect(again.bytes).toEqual(bytes);
  });

  it.each(data.invalid_prompts as Case[])('is refused for $reason: $name', (vector) => {
    expect(reasonOf(bytesOf(vector), vector)).toBe(vector.reason);
  });

  it('is refused with our own error before anything is sent', async () => {
    const settings = { max_output_tokens: 8, seed: '0', temperature_milli: 0, top_k: 0, top_p_milli: 1000, stop: [] };
    const long = [{ role: 'user' as const, content: 'a'.repeat(17_000) }];
    await expect(writePrompt(long, settings)).rejects.toMatchObject({ code: 'prompt_too_long' });
    const hot = { ...settings, temperature_milli: 2001 };
    await expect(writePrompt([{ role: 'user', content: 'a' }], hot)).rejects.toMatchObject({ code: 'invalid_prompt' });
    const twice = [
      { role: 'user' as const, content: 'a' },
      { role: 'user' as const, content: 'b' },
    ];
    await expect(writePrompt(twice, settings)).rejects.toMatchObject({ params: { reason: 'messages' } });
  });

  it('takes half of a surrogate pair, as a paste may hold one, for the replacement character', async () => {
    const settings = { max_output_tokens: 8, seed: '0', temperature_milli: 0, top_k: 0, top_p_milli: 1000, stop: [] };
    const { prompt } = await writePrompt([{ role: 'user', content: 'a\ud800b😀' }], settings);
    expect(prompt.messages[0].content).toBe('a\ufffdb😀');
  });
});

describe('content identifiers', () => {
  it.each(data.cids as { text: string; valid: boolean; why: string; codec?: string; digest?: string }[])(
    'have one spelling: $why',
    ({ text, valid, codec, digest }) => {
      const parsed = parseCid(text);
      expect(isCid(text)).toBe(valid);
      if (!valid) return;
      expect(parsed && hex(parsed.digest)).toBe(digest);
      expect(parsed?.codec).toBe(codec);
      expect(parsed && cidText(parsed)).toBe(text);
    },
  );

  it('name exactly their bytes', async () => {
    const cid = await cidOfRaw(utf8('Paris.'));
    expect(await matches(cid, utf8('Paris.'))).toBe(true);
    expect(await matches(cid, utf8('Paris!'))).toBe(false);
    expect(await matches(cid.toUpperCase(), utf8('Paris.'))).toBe(false);
  });
});

describe('manifests', () => {
  it.each(data.manifests as (Case & { valid: boolean })[])('are read or refused: $name', async (vector) => {
    const bytes = bytesOf(vector);
    if (!vector.valid) {
      expect(() => parseManifest(bytes)).toThrow(ManifestFault);
      return;
    }
    expect(parseManifest(bytes).golden.length).toBeGreaterThan(0);
    expect(await cidOfRaw(bytes)).toBe(vector.cid);
  });
});

describe('canonical JSON', () => {
  it('sorts keys, drops absent fields and escapes as little as it may', () => {
    const value = { b: [1, 'é\n\u0001/'], a: null, c: undefined };
    expect(canonical(value)).toBe('{"a":null,"b":[1,"é\\n\\u0001/"]}');
  });

  it('refuses what has no integer form, and fields that are there twice', () => {
    expect(() => canonical({ a: 1.5 })).toThrow();
    expect(() => plainOf(parseStrict(utf8('{"a":1,"a":2}'), 2))).toThrow(/twice/);
    expect(() => plainOf(parseStrict(utf8('[9007199254740993]'), 2))).toThrow();
  });

  it('never sets a prototype', () => {
    const plain = plainOf(parseStrict(utf8('{"__proto__":{"x":1}}'), 3)) as Record<string, unknown>;
    expect(plain.x).toBeUndefined();
  });
});
