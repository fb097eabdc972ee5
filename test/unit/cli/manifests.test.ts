import { parseManifests, titleOf } from '../../../lib/cli/manifests';

test('documents and lists are taken apart, empty ones left out', () => {
  const objects = parseManifests(
    `---
# nothing
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: x}}
---
apiVersion: v1
kind: List
items:
  - {apiVersion: v1, kind: Secret, metadata: {name: b}}
  - apiVersion: v1
    kind: ConfigMapList
    items: [{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}]
`,
    'file.yaml',
  );
  expect(objects.map(titleOf)).toEqual(['ConfigMap x/a', 'Secret b', 'ConfigMap c']);
});

test('nothing is nothing', () => expect(parseManifests('', 'file.yaml')).toEqual([]));

test.each([
  ['a: [1', /^file\.yaml is not YAML: .* line 1/s],
  ['just text', /^file\.yaml, document 1 is no Kubernetes object: "just text"/],
  ['apiVersion: v1\nkind: ConfigMap\nmetadata: {}', /document 1 is no Kubernetes object.*metadata\.name/],
  ['kind: List\napiVersion: v1\nitems: [{}]', /document 1, items\[0\] is no Kubernetes object/],
])('%j is refused', (text, message) => {
  expect(() => parseManifests(text, 'file.yaml')).toThrow(message);
});
