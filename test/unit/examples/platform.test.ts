import { readFileSync } from 'node:fs';
import path from 'node:path';
import { exampleDir, synthesize } from './synthesize';

test('is a platform and a lattice that is spread over it, in the order of application', () => {
  const manifests = synthesize('platform', { REGISTRY: 'localhost:5000' }, /\.k8s\.yaml$/);
  const kinds = manifests.map(({ kind }) => kind);
  expect(kinds[0]).toBe('CustomResourceDefinition');
  expect(kinds.lastIndexOf('CustomResourceDefinition')).toBeLessThan(kinds.indexOf('Namespace'));
  for (const kind of ['StatefulSet', 'Deployment', 'DaemonSet'])
    expect(kinds.indexOf(kind)).toBeLessThan(kinds.indexOf('WasmCloudDistribution'));
  const cart = manifests.find(
    ({ kind, metadata }) => kind === 'WasmCloudDistribution' && metadata?.name === 'cart',
  );
  expect(cart?.spec).toMatchObject({
    instances: 300,
    template: { actor: { image: 'localhost:5000/cart:1.4.0' } },
    strategy: { type: 'Canary' },
  });
});

test('reads in one sitting', () => {
  const lines = readFileSync(path.join(exampleDir('platform'), 'lattice.mts'), 'utf8')
    .trimEnd()
    .split('\n');
  expect(lines.length).toBeLessThanOrEqual(40);
});
