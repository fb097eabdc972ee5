import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseAllDocuments } from 'yaml';

export interface Manifest {
  kind: string;
  metadata?: { name?: string };
  spec?: Record<string, unknown>;
}

/** The folder of an example. */
export const exampleDir = (name: string): string => path.resolve(__dirname, '../../../examples', name);

/** Runs lattice.mts of an example as cdk8s does, and reads what it writes. */
export function synthesize(name: string, env: NodeJS.ProcessEnv): Manifest[] {
  const outdir = mkdtempSync(path.join(tmpdir(), `kasmcloud-${name}-`));
  const outer = process.env;
  process.env = { ...outer, CDK8S_OUTDIR: outdir, ...env };
  try {
    jest.isolateModules(() => jest.requireActual(path.join(exampleDir(name), 'lattice.mts')));
    const text = readFileSync(path.join(outdir, `${name}.k8s.yaml`), 'utf8');
    return parseAllDocuments(text).map((document) => document.toJS() as Manifest);
  } finally {
    process.env = outer;
    rmSync(outdir, { recursive: true });
  }
}
