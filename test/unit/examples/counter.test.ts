import { synthesize } from './synthesize';

test('is an actor between an HTTP server and a bucket', () => {
  const manifests = synthesize('counter', { ADDRESS: '0.0.0.0', PORT: '9000' });
  const specs = (kind: string): unknown[] =>
    manifests.filter((manifest) => manifest.kind === kind).map(({ spec }) => spec);
  expect(specs('WasmCloudActor')).toMatchObject([
    { image: expect.stringMatching(/^file:.*counter\.wasm$/) as string, instances: 10 },
  ]);
  expect(specs('WasmCloudProvider')).toEqual(
    expect.arrayContaining([{ image: 'builtin://keyvalue-nats' }, { image: 'builtin://http-server' }]),
  );
  expect(specs('WasmCloudLink')).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        source: 'counter',
        target: 'store',
        wit: { namespace: 'wasi', package: 'keyvalue', interfaces: ['store', 'atomics'] },
        targetConfig: { values: { bucket: 'visits', enable_bucket_auto_create: 'true' } },
      }),
      expect.objectContaining({
        source: 'http',
        target: 'counter',
        sourceConfig: { values: { address: '0.0.0.0:9000' } },
      }),
    ]),
  );
});
