import type { WasmCloudLink } from '../../../lib/api';
import { conflicts, precedes } from '../../../lib/api/link-conflicts';

function link(
  name: string,
  spec: Partial<WasmCloudLink['spec']> = {},
  created = '2026-01-01T00:00:00Z',
): WasmCloudLink {
  return {
    apiVersion: 'kasmcloud.io/v1alpha1',
    kind: 'WasmCloudLink',
    metadata: { name, namespace: 'ns', creationTimestamp: created },
    spec: {
      source: 'a',
      target: 'b',
      wit: { namespace: 'wasi', package: 'keyvalue', interfaces: ['store', 'atomics'] },
      ...spec,
    },
  };
}

const wit = (interfaces: string[], pkg = 'keyvalue') => ({
  wit: { namespace: 'wasi', package: pkg, interfaces },
});

test.each<[string, Partial<WasmCloudLink['spec']>, boolean]>([
  ['the same', {}, true],
  ['another target', { target: 'c' }, true],
  ['the default name, spelt out', { name: 'default' }, true],
  ['one interface in common', wit(['store', 'batch']), true],
  ['no interface in common', wit(['batch']), false],
  ['another package', wit(['store'], 'blobstore'), false],
  ['another name', { name: 'other' }, false],
  ['another source', { source: 'c' }, false],
])('conflict with %s: %s', (_, spec, expected) => {
  expect(conflicts(link('one'), link('two', spec))).toBe(expected);
  expect(conflicts(link('two', spec), link('one'))).toBe(expected);
});

test('links of two namespaces do not conflict', () => {
  const other = link('two');
  other.metadata.namespace = 'other';
  expect(conflicts(link('one'), other)).toBe(false);
});

test('the older precedes, of twins the first by name', () => {
  const [old, young, twin] = [
    link('z'),
    link('a', {}, '2026-01-01T00:00:01Z'),
    link('b', {}, '2026-01-01T00:00:01Z'),
  ];
  expect(precedes(old, young)).toBe(true);
  expect(precedes(young, old)).toBe(false);
  expect([twin, old, young].sort((a, b) => (precedes(a, b) ? -1 : 1))).toEqual([old, young, twin]);
});
