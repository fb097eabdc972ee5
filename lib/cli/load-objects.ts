import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type { KubeObject } from '../api';
import { npmTools } from '../local/npm-tools';
import { type Progress, progressTo } from '../local/progress';
import { tool } from '../local/tool';
import { onInterrupt } from './interrupt';
import { parseManifests } from './manifests';
import { locate } from './source';
import { synthesize } from './synthesize';

/**
 * The objects of whatever `kasmcloud up` takes, or of a folder of manifests such as `cdk8s synth` writes; nothing is started for it.
 * @throws KasmError when there is no such source, or it does not synthesize
 */
export async function loadObjects(name: string, verbose = false): Promise<KubeObject[]> {
  const written = manifestsIn(name);
  if (written.length > 0) return written.flatMap((file) => parseManifests(readFileSync(file, 'utf8'), file));
  const source = locate(name);
  const progress: Progress = progressTo(process.stderr);
  const wantsWasm = source.kind === 'program' && source.tools.includes('wasm');
  return synthesize(
    source,
    {
      node: source.kind === 'program' ? await tool('node', { progress }) : process.execPath,
      wasmTools: wantsWasm ? await npmTools('wasm', { progress }) : undefined,
    },
    {
      step: { update: () => undefined },
      signal: onInterrupt('Interrupted'),
      onLine: (line) => {
        if (verbose) process.stderr.write(`${line}\n`);
      },
    },
  );
}

/** The manifests of a folder that has no program. */
function manifestsIn(name: string): string[] {
  if (!statSync(name, { throwIfNoEntry: false })?.isDirectory() || existsSync(path.join(name, 'cdk8s.yaml')))
    return [];
  return readdirSync(name, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(ya?ml|json)$/.test(file))
    .sort()
    .map((file) => path.join(name, file));
}
