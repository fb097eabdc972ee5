import { createHash } from 'node:crypto';

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: { readonly architecture: string; readonly os: string };
}

const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const indexType = 'application/vnd.oci.image.index.v1+json';

/** Pushes a component as wasmCloud's tools do and returns the descriptor of its manifest. */
export async function pushComponent(
  repositoryUrl: string,
  tag: string,
  wasm: Uint8Array,
  mediaType = 'application/wasm',
): Promise<Descriptor> {
  const config = Buffer.from(
    JSON.stringify({ architecture: 'wasm', os: 'wasip2', layerDigests: [digestOf(wasm)] }),
  );
  return pushManifest(repositoryUrl, tag, manifestType, {
    schemaVersion: 2,
    mediaType: manifestType,
    config: await pushBlob(repositoryUrl, config, 'application/vnd.wasm.config.v0+json'),
    layers: [await pushBlob(repositoryUrl, wasm, mediaType)],
  });
}

/** Pushes an index of manifests that are there already. */
export async function pushIndex(
  repositoryUrl: string,
  tag: string,
  manifests: readonly Descriptor[],
): Promise<Descriptor> {
  return pushManifest(repositoryUrl, tag, indexType, { schemaVersion: 2, mediaType: indexType, manifests });
}

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

async function pushBlob(repositoryUrl: string, bytes: Uint8Array, mediaType: string): Promise<Descriptor> {
  const digest = digestOf(bytes);
  const opened = await fetch(`${repositoryUrl}/blobs/uploads/`, { method: 'POST' });
  if (opened.status !== 202) throw new Error(`upload: ${opened.status} ${await opened.text()}`);
  const target = new URL(opened.headers.get('location')!, repositoryUrl);
  target.searchParams.set('digest', digest);
  const put = await fetch(target, {
    method: 'PUT',
    body: bytes,
    headers: { 'content-type': 'application/octet-stream' },
  });
  if (put.status !== 201) throw new Error(`blob: ${put.status} ${await put.text()}`);
  return { mediaType, digest, size: bytes.length };
}

async function pushManifest(
  repositoryUrl: string,
  tag: string,
  mediaType: string,
  manifest: object,
): Promise<Descriptor> {
  const bytes = Buffer.from(JSON.stringify(manifest));
  const put = await fetch(`${repositoryUrl}/manifests/${tag}`, {
    method: 'PUT',
    body: bytes,
    headers: { 'content-type': mediaType },
  });
  if (put.status !== 201) throw new Error(`manifest: ${put.status} ${await put.text()}`);
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}
