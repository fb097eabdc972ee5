// One layer of an image: the same entries always give the same bytes.
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import tar from 'tar-stream';

/**
 * A file, a folder or a symbolic link of an image, with its absolute path.
 * @typedef {{ path: string, content: Buffer | string, mode?: number }
 *   | { path: string, folder: true, mode?: number, uid?: number }
 *   | { path: string, link: string }} Entry
 */

/**
 * @param {readonly Entry[]} entries in any order; folders above them are added
 * @returns {Promise<{ blob: Buffer, digest: string, diffId: string }>} `digest` of the compressed bytes, `diffId` of the others
 */
export async function layer(entries) {
  const pack = tar.pack();
  /** @type {Buffer[]} */
  const chunks = [];
  const packed = (async () => {
    for await (const chunk of pack) chunks.push(chunk);
  })();
  for (const entry of withFolders(entries)) {
    const content = 'content' in entry ? Buffer.from(entry.content) : undefined;
    const header = {
      name: entry.path.slice(1) + ('folder' in entry ? '/' : ''),
      mode: 'link' in entry ? 0o777 : (entry.mode ?? ('folder' in entry ? 0o755 : 0o644)),
      uid: 'uid' in entry ? entry.uid : 0,
      gid: 'uid' in entry ? entry.uid : 0,
      mtime: new Date(0),
      type: /** @type {const} */ ('folder' in entry ? 'directory' : 'link' in entry ? 'symlink' : 'file'),
      ...('link' in entry && { linkname: entry.link }),
    };
    await new Promise((resolve, reject) => {
      const done = (/** @type {Error | null | undefined} */ error) =>
        error ? reject(error) : resolve(undefined);
      if (content === undefined) pack.entry(header, done);
      else pack.entry({ ...header, size: content.length }, content, done);
    });
  }
  pack.finalize();
  await packed;
  const plain = Buffer.concat(chunks);
  const blob = gzipSync(plain, { level: 9 });
  return { blob, digest: digestOf(blob), diffId: digestOf(plain) };
}

/** @param {Buffer | string} bytes */
export function digestOf(bytes) {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/**
 * Sorted, each folder before what is in it.
 * @param {readonly Entry[]} entries
 * @returns {Entry[]}
 */
function withFolders(entries) {
  /** @type {Map<string, Entry>} */
  const all = new Map();
  for (const entry of entries) {
    const parts = entry.path.split('/').slice(1, -1);
    for (let depth = 1; depth <= parts.length; depth++) {
      const folder = `/${parts.slice(0, depth).join('/')}`;
      if (!all.has(folder)) all.set(folder, { path: folder, folder: true });
    }
  }
  for (const entry of entries) all.set(entry.path, entry);
  return [...all.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}
