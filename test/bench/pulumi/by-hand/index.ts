import * as k8s from '@pulumi/kubernetes';

// The same objects as those of ../kasmcloud, as its run checks.
const shared = { 'app.kubernetes.io/managed-by': 'kasmcloud', 'app.kubernetes.io/part-of': 'shop' };
const named = (name: string) => ({ 'app.kubernetes.io/name': name, ...shared });

const namespace = new k8s.core.v1.Namespace('shop', { metadata: { name: 'shop', labels: shared } });

function object(kind: string, name: string, labels: Record<string, string>, spec: object): void {
  new k8s.apiextensions.CustomResource(
    `${kind}-${name}`,
    {
      apiVersion: 'kasmcloud.io/v1alpha1',
      kind,
      metadata: { name, namespace: 'shop', labels },
      spec,
    },
    { dependsOn: namespace },
  );
}

object('WasmCloudProvider', 'store', named('store'), { image: 'builtin://keyvalue-nats' });
for (let at = 0; at < 499; at++) {
  const name = `actor-${at}`;
  object('WasmCloudActor', name, named(name), { image: 'registry.example.com/cart:1.4.0', instances: 10 });
  object('WasmCloudLink', `${name}-store-wasi-keyvalue`, shared, {
    source: name,
    target: 'store',
    wit: { namespace: 'wasi', package: 'keyvalue', interfaces: ['store'] },
    targetConfig: { values: { bucket: `bucket-${at}` } },
  });
}
