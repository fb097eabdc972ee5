// `node --import ./.config/typescript.mjs FILE.mts` runs TypeScript on every Node that is supported; Node 24 needs no such help.
import { readFile } from 'node:fs/promises';
import { register } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';

// Node loads this file twice: here, and on the thread that hooks run on.
if (isMainThread && !process.features.typescript) register(import.meta.url);

/** Hook of Node's module loader: strips the types of .mts files. */
export async function load(url, context, next) {
  if (!url.startsWith('file:') || !url.endsWith('.mts')) return next(url, context);
  const { transform } = await import('esbuild');
  const { code } = await transform(await readFile(fileURLToPath(url), 'utf8'), { loader: 'ts' });
  return { format: 'module', source: code, shortCircuit: true };
}
