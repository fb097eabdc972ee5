import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { KubeObject } from '../api';
import { KasmError } from '../base/errors';
import type { Step } from '../local/progress';
import { CommandFailed, runCommand } from '../local/run-command';
import { manifestsIn, type ManifestText } from './manifest-files';
import { parseManifests } from './manifests';
import type { Source } from './source';
import { synthesisFailure } from './synthesis-failure';

export interface SynthesisTools {
  /** Node 24 or newer: runs TypeScript as it is. */
  readonly node: string;
  /** Folder whose `node_modules` holds componentize-js, for programs that build actors with it. */
  readonly wasmTools?: string | undefined;
}

export interface SynthesisOptions {
  readonly step: Pick<Step, 'update'>;
  readonly signal: AbortSignal;
  /** Gets each line that the program prints. */
  readonly onLine?: (line: string) => void;
}

/**
 * The objects of a source, in the order that it gives them.
 * @throws KasmError when its program fails or makes nothing, or its YAML is none
 */
export async function synthesize(
  source: Source,
  tools: SynthesisTools,
  { step, signal, onLine }: SynthesisOptions,
): Promise<KubeObject[]> {
  if (source.kind === 'manifests') {
    const objects = objectsOf(source.texts);
    if (objects.length === 0)
      throw new KasmError(`${source.label} holds no objects`, 'Give manifests with at least one');
    return objects;
  }
  const out = mkdtempSync(path.join(tmpdir(), 'kasmcloud-synth-'));
  try {
    const [file, ...args]: [string, ...string[]] =
      'shell' in source.run
        ? ['/bin/sh', '-c', source.run.shell]
        : [tools.node, '--disable-warning=ExperimentalWarning', source.run.file];
    await runCommand(file, args, {
      cwd: source.cwd,
      env: {
        // As `cdk8s synth` says where to write; its programs find our Node before any other.
        CDK8S_OUTDIR: out,
        PATH: `${path.dirname(tools.node)}${path.delimiter}${process.env['PATH'] ?? ''}`,
        ...(tools.wasmTools !== undefined && { KASMCLOUD_WASM_TOOLS: tools.wasmTools }),
      },
      signal,
      onLine: (line) => {
        onLine?.(line);
        if (line.trim() !== '') step.update(line);
      },
    }).catch((error: unknown) => {
      throw error instanceof CommandFailed ? synthesisFailure(source.label, error) : error;
    });
    const objects = objectsOf(manifestsIn(out, ''));
    if (objects.length === 0) {
      throw new KasmError(
        `${source.label} wrote no manifests to CDK8S_OUTDIR`,
        'End the program with app.synth(), and leave the output folder of the App to cdk8s',
      );
    }
    return objects;
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

function objectsOf(texts: readonly ManifestText[]): KubeObject[] {
  return texts.flatMap(({ label, text }) => parseManifests(text, label));
}
