import type { KubeObject } from '../api';
import { npmTools } from '../local/npm-tools';
import { type Progress, progressTo } from '../local/progress';
import { tool } from '../local/tool';
import { onInterrupt } from './interrupt';
import { locate } from './source';
import { synthesize } from './synthesize';

/**
 * The objects of whatever `kasmcloud up` takes; nothing is started for it.
 * @throws KasmError when there is no such source, or it does not synthesize
 */
export async function loadObjects(name: string, verbose = false): Promise<KubeObject[]> {
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
