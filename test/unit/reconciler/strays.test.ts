import type { WasmCloudActor } from '../../../lib/api';
import { straysIn } from '../../../lib/reconciler/distribution/strays';

const child = (config: NonNullable<WasmCloudActor['spec']['config']>): WasmCloudActor => ({
  apiVersion: 'kasmcloud.io/v1alpha1',
  kind: 'WasmCloudActor',
  metadata: { name: 'cart', namespace: 'shop' },
  spec: { image: 'r.test/cart:1', config },
});
const wanted = child({ configFrom: [{ name: 'settings' }] });

it('takes away what somebody added, and not what the API server filled in', () => {
  const filledIn = child({ configFrom: [{ name: 'settings', optional: false }] });
  expect(straysIn(filledIn, wanted)).toEqual([]);
  const path = '/spec/config';
  const added = child({ configFrom: [{ name: 'settings', optional: true }] });
  expect(straysIn(added, wanted)).toEqual([{ op: 'replace', path, value: wanted.spec.config }]);
  const none = { ...wanted, spec: { image: wanted.spec.image } };
  expect(straysIn(added, none)).toEqual([{ op: 'remove', path }]);
});
