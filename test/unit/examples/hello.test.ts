import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { exampleDir, synthesize } from './synthesize';

const example = exampleDir('hello');

test('is an HTTP server in front of the actor that the example builds', () => {
  const [namespace, actor, provider, link] = synthesize('hello', {});
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
  expect(synthesize('hello', { ADDRESS: '0.0.0.0', PORT: '9000' })[3]?.spec).toMatchObject({
    sourceConfig: { values: { address: '0.0.0.0:9000' } },
  });
});

test('reads like an advertisement', () => {
  const lines = readFileSync(path.join(example, 'lattice.mts'), 'utf8').trimEnd().split('\n');
  expect(lines.length).toBeLessThanOrEqual(30);
});
