// An image as an OCI layout in one tar file: what `ctr images import`, `k3s ctr images import`, skopeo and `docker load` read.
import tar from 'tar-stream';
import { digestOf } from './layer.mjs';

/**
 * @param {{ layers: readonly Awaited<ReturnType<typeof import('./layer.mjs').layer>>[], reference: string, architecture: string,
 *   created: string, config: Record<string, unknown>, labels: Record<string, string> }} image `architecture` as Node names it
 * @returns {Promise<{ archive: Buffer, digest: string, size: number }>} digest of the manifest; size of what a registry would hold
 */
export async function ociArchive({ layers, reference, architecture, created, config, labels }) {
  const platform = { architecture: architecture === 'x64' ? 'amd64' : architecture, os: 'linux' };
  const blobs = new Map(layers.map(({ digest, blob }) => [digest, blob]));
  const json = (/** @type {string} */ mediaType, /** @type {object} */ value) => {
    const bytes = Buffer.from(JSON.stringify(value));
    const digest = digestOf(bytes);
    blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const imageConfig = json('application/vnd.oci.image.config.v1+json', {
    created,
    ...platform,
    config: { ...config, Labels: labels },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history: layers.map(() => ({ created, created_by: 'npm run image' })),
  });
  const manifest = json('application/vnd.oci.image.manifest.v1+json', {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: imageConfig,
    layers: layers.map(({ digest, blob }) => ({
      mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
      digest,
      size: blob.length,
    })),
    annotations: labels,
  });
  const size = [...blobs.values()].reduce((sum, blob) => sum + blob.length, 0);
  const index = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [
      {
        ...manifest,
        platform,
        annotations: {
          'io.containerd.image.name': reference,
          'org.opencontainers.image.ref.name': labels['org.opencontainers.image.version'] ?? '',
        },
      },
    ],
  };
  const pack = tar.pack();
  const add = (/** @type {string} */ name, /** @type {Buffer | string} */ content) =>
    pack.entry({ name, mtime: new Date(0), mode: 0o644 }, Buffer.from(content));
  add('oci-layout', JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  add('index.json', JSON.stringify(index));
  for (const [digest, blob] of [...blobs].sort()) add(`blobs/sha256/${digest.slice('sha256:'.length)}`, blob);
  pack.finalize();
  const chunks = [];
  for await (const chunk of pack) chunks.push(chunk);
  return { archive: Buffer.concat(chunks), digest: manifest.digest, size };
}
