import type { KubeObject } from '../../../lib/api';
import { pairUp, unifiedDiff } from '../../../lib/cli/compare';

const object = (kind: string, name: string, rest: object = {}, metadata: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, namespace: 'n', ...metadata },
  ...rest,
});
const differences = (before: KubeObject[], after: KubeObject[]): string =>
  unifiedDiff(pairUp(before, after), ['a', 'b']);

test('nothing, where nothing differs but what the server notes', () => {
  const noted = {
    uid: 'u',
    resourceVersion: '7',
    generation: 2,
    creationTimestamp: 't',
    managedFields: [{}],
  };
  expect(
    differences(
      [object('ConfigMap', 'x', { data: { a: '1', b: '2' }, status: {} }, noted)],
      [object('ConfigMap', 'x', { data: { b: '2', a: '1' } })],
    ),
  ).toBe('');
});

test('a change, with what is around it', () => {
  expect(
    differences(
      [object('ConfigMap', 'x', { data: { a: '1' } })],
      [object('ConfigMap', 'x', { data: { a: '2' } })],
    ),
  ).toBe(
    `diff a/v1.ConfigMap/n/x b/v1.ConfigMap/n/x
--- a/v1.ConfigMap/n/x
+++ b/v1.ConfigMap/n/x
@@ -1,6 +1,6 @@
 apiVersion: v1
 data:
-  a: "1"
+  a: "2"
 kind: ConfigMap
 metadata:
   name: x
`,
  );
});

test('what comes and what goes', () => {
  const text = differences([object('ConfigMap', 'old')], [object('ConfigMap', 'new')]);
  expect(text).toMatch(/^--- a\/v1.ConfigMap\/n\/old\n\+\+\+ \/dev\/null\n/m);
  expect(text).toMatch(/^--- \/dev\/null\n\+\+\+ b\/v1.ConfigMap\/n\/new\n/m);
});

test('values of Secrets never show, only that they change', () => {
  const secret = (data: object): KubeObject => object('Secret', 's', data);
  const kept = Buffer.from('kept').toString('base64');
  const text = differences(
    [
      secret({
        data: {
          kept,
          changed: Buffer.from('hush1').toString('base64'),
          gone: Buffer.from('hush2').toString('base64'),
        },
      }),
    ],
    [secret({ stringData: { kept: 'kept', changed: 'hush3', come: 'hush4' } })],
  );
  expect(text).toContain('-  changed: "*** (before)"\n');
  expect(text).toContain('+  changed: "*** (after)"\n');
  expect(text).toContain('-  gone: "***"\n');
  expect(text).toContain('+  come: "***"\n');
  expect(text).toContain('   kept: "***"\n');
  expect(text).not.toMatch(/hush|aHVza/);
  expect(differences([], [secret({ stringData: { a: 'hush' } })])).not.toMatch(/hush/);
  expect(differences([secret({ data: { kept } })], [secret({ stringData: { kept: 'kept' } })])).toBe('');
});
