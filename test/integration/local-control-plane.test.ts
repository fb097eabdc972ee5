import { connect } from 'nats';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ConfigMapResource, NamespaceResource, SecretResource } from '../../lib/api';
import { KubeClient, loadConnection } from '../../lib/kube';
import { writeKubeconfig } from '../../lib/local/kubeconfig';
import { Pki } from '../../lib/local/pki';

const env = (name: string): string => {
  const value = process.env[`KASMCLOUD_TEST_${name}`];
  if (value === undefined)
    throw new Error(`KASMCLOUD_TEST_${name} is not set: run with .config/jest.integration.config.cjs`);
  return value;
};

test('the admin kubeconfig may do everything, and only for this user', async () => {
  const client = new KubeClient(await loadConnection({ kubeconfig: env('KUBECONFIG') }));
  const { items } = await client.list(NamespaceResource);
  expect(items.map(({ metadata }) => metadata.name)).toContain('kube-system');
});

test('a client certificate without rights is known and refused; none at all is not even known', async () => {
  const pki = new Pki(path.join(env('DIR'), 'pki'));
  const admin = await loadConnection({ kubeconfig: env('KUBECONFIG') });
  const server = admin.server.href;
  const kubeconfig = path.join(env('DIR'), 'nobody.kubeconfig');
  writeKubeconfig(kubeconfig, { server, ca: pki.ca, client: pki.client('nobody'), context: 'nobody' });
  const nobody = new KubeClient(await loadConnection({ kubeconfig }));
  await expect(nobody.list(SecretResource)).rejects.toMatchObject({ status: 403 });

  writeKubeconfig(kubeconfig, {
    server,
    ca: pki.ca,
    client: new Pki(path.join(env('DIR'), 'other')).client('x', 'system:masters'),
    context: 'eve',
  });
  const stranger = new KubeClient(await loadConnection({ kubeconfig }));
  await expect(stranger.list(SecretResource)).rejects.toMatchObject({ status: 401 });
});

test('a deleted namespace goes, with what is in it, and owners take their objects along', async () => {
  const client = new KubeClient(await loadConnection({ kubeconfig: env('KUBECONFIG') }));
  const namespace = 'local-gc';
  await client.create(NamespaceResource, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace },
  });
  const config = (
    name: string,
    ownerReferences: { apiVersion: string; kind: string; name: string; uid: string }[] = [],
  ) =>
    client.create(ConfigMapResource, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace, ownerReferences },
    });
  const owner = await config('owner');
  await config('owned', [
    { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.metadata.uid ?? '' },
  ]);

  await client.delete(ConfigMapResource, { name: 'owner', namespace });
  await until(async () => (await client.find(ConfigMapResource, { name: 'owned', namespace })) === undefined);
  await client.delete(NamespaceResource, { name: namespace });
  await until(async () => (await client.find(NamespaceResource, { name: namespace })) === undefined);
});

test('NATS speaks JetStream, and only to clients with a certificate of ours', async () => {
  const url = env('NATS_URL');
  const caFile = env('NATS_CA');
  const nats = await connect({
    servers: url,
    tls: { caFile, certFile: env('NATS_CERT'), keyFile: env('NATS_KEY') },
  });
  const kv = await nats.jetstream().views.kv('local-test');
  await kv.put('a', 'one');
  expect((await kv.get('a'))?.string()).toBe('one');
  await nats.close();

  await expect(
    connect({ servers: url, tls: { ca: readFileSync(caFile, 'utf8') }, reconnect: false }),
  ).rejects.toThrow();
});

async function until(done: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 45_000; Date.now() < deadline;) {
    if (await done()) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`Not within 45 s: ${done.toString()}`);
}
