import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import ts from 'typescript';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../../lib/api';

/** Runs a program and reads what it synthesized. */
export function runProgram(source: string): KubeObject[] {
  const out = mkdtempSync(path.join(tmpdir(), 'kasmcloud-oam-'));
  const before = process.env['CDK8S_OUTDIR'];
  process.env['CDK8S_OUTDIR'] = out;
  try {
    const { outputText } = ts.transpileModule(source, {
      compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
    });
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the program under test
    const program = new Function('require', 'exports', outputText) as (
      load: (name: string) => unknown,
      to: object,
    ) => void;
    program((name) => jest.requireActual(name), {});
    return readdirSync(out).flatMap((file) =>
      parseAllDocuments(readFileSync(path.join(out, file), 'utf8')).map(
        (document) => document.toJS() as KubeObject,
      ),
    );
  } finally {
    if (before === undefined) delete process.env['CDK8S_OUTDIR'];
    else process.env['CDK8S_OUTDIR'] = before;
    rmSync(out, { recursive: true });
  }
}
