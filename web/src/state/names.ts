/** Names of models: they are in the manifests, which are blocks, hashed here like any other. */
import { textOf } from '../core/bytes';
import { modelNames, models, reader, workers } from './network';

const MOST_BYTES = 16_384;

/** What a manifest says of its model; kept by CID, so it never goes stale. */
export interface Manifest {
  name: string;
  license: string;
  family: string;
  source: string;
}

const kept = new Map<string, Manifest>();

export const manifestOf = (cid: string): Manifest | undefined => kept.get(cid);

/** Everybody who may serve blocks: the settings' gateway, then workers on record. */
export function blockSources(): string[] {
  const gateway = reader.value?.net.gateway;
  const endpoints = (workers.value ?? []).flatMap((w) => (w.endpoint ? [w.endpoint] : []));
  return [...endpoints, ...(gateway ? [gateway] : [])];
}

/** Fetches the manifests of all models; a model whose manifest nobody serves keeps its number as a name. */
export async function loadModelNames(): Promise<void> {
  const ctx = reader.value;
  if (!ctx) return;
  const { readBlock } = await import('../core/blocks');
  const wanted = [...new Set((models.value ?? []).map((m) => m.manifest))].filter((cid) => !kept.has(cid));
  await Promise.all(
    wanted.map(async (cid) => {
      try {
        const { bytes } = await readBlock(ctx, cid, blockSources(), { max: MOST_BYTES, wanted: 1 });
        const manifest = parseManifest(textOf(bytes) ?? '');
        if (!manifest) return;
        kept.set(cid, manifest);
        modelNames.value = { ...modelNames.value, [cid]: manifest.name };
      } catch {
        // As said above.
      }
    }),
  );
}

function parseManifest(text: string): Manifest | null {
  try {
    const { name, license, family, source } = JSON.parse(text) as Record<string, unknown>;
    const words = [name, license, family, source].map((value) => (typeof value === 'string' ? value : ''));
    const [n = '', l = '', f = '', s = ''] = words;
    return { name: n, license: l, family: f, source: s };
  } catch {
    return null;
  }
}
