import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseAllDocuments } from 'yaml';

const example = path.resolve(__dirname, '../../../examples/hello');

interface Manifest {
  kind: string;
  spec?: Record<string, unknown>;
}

/** Runs examples/hello/lattice.mts as cdk8s does, and reads what it writes. */
function synthesize(env: NodeJS.ProcessEnv): Manifest[] {
  const outdir = mkdtempSync(path.join(tmpdir(), 'kasmcloud-hello-'));
  const outer = process.env;
  process.env = { ...outer, CDK8S_OUTDIR: outdir, ...env };
  try {
    jest.isolateModules(() => jest.requireActual(path.join(example, 'lattice.mts')));
    const text = readFileSync(path.join(outdir, 'hello.k8s.yaml'), 'utf8');
    return parseAllDocuments(text).map((document) => document.toJS() as Manifest);
  } finally {
    process.env = outer;
    rmSync(outdir, { recursive: true });
  }
}

test('is an HTTP server in front of the actor that the example builds', () => {
  const [namespace, actor, provider, link] = synthesize({});
  expect(namespace?.kind).toBe('Namespace');
  expect(actor?.spec).toEqual({
    image: pathToFileURL(path.join(example, 'dist/hello.wasm')).href,
    instances: 10,
  });
  expect(provider?.spec).toEqual({ image: 'builtin://http-server' });
  expect(link?.spec).toMatchObject({
    source: 'http',
    target: 'hello',
    sourceConfig: { values: { address: '127.0.0.1:8080' } },
  });
});

test('listens where the environment says', () => {
  expect(synthesize({ ADDRESS: '0.0.0.0', PORT: '9000' })[3]?.spec).toMatchObject({
    sourceConfig: { values: { address: '0.0.0.0:9000' } },
  });
});

test('reads like an advertisement', () => {
  const lines = readFileSync(path.join(example, 'lattice.mts'), 'utf8').trimEnd().split('\n');
  expect(lines.length).toBeLessThanOrEqual(30);
});
