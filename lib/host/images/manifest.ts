import { TerminalError } from '../../base/errors';

export const manifestMediaTypes = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];
export const indexMediaTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];

/** What an image holds. */
export type ArtifactKind = 'component' | 'provider-archive';

/** The one layer of an image that runs. */
export interface Artifact {
  readonly kind: ArtifactKind;
  readonly mediaType: string;
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: { readonly architecture?: string; readonly os?: string };
}

const componentLayers = ['application/wasm', 'application/vnd.module.wasm.content.layer.v1+wasm'];
const archiveConfig = 'application/vnd.wasmcloud.provider.archive.config';
const archiveLayer = 'application/vnd.wasmcloud.provider.archive.layer.v1+par';
/** Not really a tar in either case: what older tools pushed raw bytes under. */
const plainLayer = 'application/vnd.oci.image.layer.v1.tar';

/**
 * Finds what to download in a manifest.
 * @throws TerminalError `InvalidImage` that says what the image holds instead of a component or provider archive.
 */
export function artifactOf(image: string, json: unknown): Artifact {
  const manifest = record(json);
  const layers = descriptors(manifest['layers']);
  const config = record(manifest['config'])['mediaType'];
  const [layer] = layers;
  if (layer === undefined || layers.length > 1)
    throw invalid(
      image,
      `has ${layers.length} layers`,
      'A component or provider archive has exactly one; a container image does not run on a host',
    );
  const isArchive =
    layer.mediaType === archiveLayer || (layer.mediaType === plainLayer && config === archiveConfig);
  if (!isArchive && layer.mediaType !== plainLayer && !componentLayers.includes(layer.mediaType))
    throw invalid(
      image,
      `has a layer of media type ${layer.mediaType}`,
      `Push a component as ${componentLayers[0]} or a provider archive as ${archiveLayer}`,
    );
  return {
    kind: isArchive ? 'provider-archive' : 'component',
    mediaType: layer.mediaType,
    digest: layer.digest,
    size: layer.size,
  };
}

/**
 * Chooses from an index the digest of the manifest to run: the one for Wasm, else the one for this machine, else the only one.
 * @throws TerminalError `InvalidImage` that lists the platforms on offer.
 */
export function manifestOf(
  image: string,
  json: unknown,
  machine = { architecture: ociArchitecture(process.arch), os: process.platform as string },
): string {
  const entries = descriptors(record(json)['manifests']).filter(
    (entry) => entry.platform?.architecture !== 'unknown', // attestations travel in an index under this name
  );
  const chosen =
    entries.find((entry) => entry.platform?.architecture === 'wasm') ??
    entries.find(
      (entry) => entry.platform?.architecture === machine.architecture && entry.platform.os === machine.os,
    ) ??
    (entries.length === 1 ? entries[0] : undefined);
  if (chosen !== undefined) return chosen.digest;
  const offered = entries.map(
    ({ platform }) => `${platform?.os ?? 'unknown'}/${platform?.architecture ?? 'unknown'}`,
  );
  throw invalid(
    image,
    `is an index of ${offered.join(', ') || 'nothing'}`,
    `Push a manifest for wasm or for ${machine.os}/${machine.architecture}`,
  );
}

/** Whether a served document is an index rather than a manifest. */
export function isIndex(mediaType: string, json: unknown): boolean {
  return indexMediaTypes.includes(mediaType) || (mediaType === '' && 'manifests' in record(json));
}

function descriptors(value: unknown): Descriptor[] {
  const valid = (entry: Record<string, unknown>): boolean =>
    typeof entry['mediaType'] === 'string' &&
    typeof entry['digest'] === 'string' &&
    /^sha(256:[a-f0-9]{64}|512:[a-f0-9]{128})$/.test(entry['digest']) &&
    Number.isSafeInteger(entry['size']);
  return Array.isArray(value) ? (value.map(record).filter(valid) as unknown as Descriptor[]) : [];
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function ociArchitecture(arch: string): string {
  return arch === 'x64' ? 'amd64' : arch;
}

function invalid(image: string, what: string, remedy: string): TerminalError {
  return new TerminalError('InvalidImage', `Image ${image} ${what}`, remedy);
}
