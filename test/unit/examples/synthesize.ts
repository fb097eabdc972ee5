import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
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

/** Runs lattice.mts of an example as cdk8s does, and reads what it writes: one file, or those that match, in order. */
export function synthesize(
  name: string,
  env: NodeJS.ProcessEnv,
  file: string | RegExp = `${name}.k8s.yaml`,
): Manifest[] {
  const outdir = mkdtempSync(path.join(tmpdir(), `kasmcloud-${name}-`));
  const outer = process.env;
  process.env = { ...outer, CDK8S_OUTDIR: outdir, ...env };
  try {
    jest.isolateModules(() => jest.requireActual(path.join(exampleDir(name), 'lattice.mts')));
    return readdirSync(outdir)
      .filter((each) => (typeof file === 'string' ? each === file : file.test(each)))
      .map((each) => readFileSync(path.join(outdir, each), 'utf8'))
      .flatMap((text) => parseAllDocuments(text).map((document) => document.toJS() as Manifest));
  } finally {
    process.env = outer;
    rmSync(outdir, { recursive: true });
  }
}
