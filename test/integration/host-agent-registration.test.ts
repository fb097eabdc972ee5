import {
  conditionOf,
  hostLeaseName,
  isReady,
  LeaseResource,
  SYSTEM_NAMESPACE,
  WasmCloudHostResource,
} from '../../lib/api';
import { bench, eventually, TestHost, untilCondition } from './host-agent-harness';

const lab = bench();

describe('registration', () => {
  it('creates the host with what it is and keeps what people edit', async () => {
    const host = await lab.host({ labels: { zone: 'a', tier: 'x' } });
    const { name } = host.identity;
    const created = await untilCondition(lab.client, WasmCloudHostResource, { name }, { status: 'True' });
    expect(created.spec).toMatchObject({ type: 'Kasm', lattices: ['*'] });
    expect(created.status).toMatchObject({
      hostId: host.identity.hostId,
      version: '0.0.0-test',
      nodeName: 'node',
      addresses: ['127.0.0.1'],
      labels: { zone: 'a', tier: 'x', 'hostcore.os': 'linux', 'hostcore.osfamily': 'unix' },
      allocated: { actors: 0, instances: 0, providers: 0 },
    });
    expect(conditionOf(created, 'NatsConnected')).toMatchObject({ status: 'True' });

    const edit = { unschedulable: true, labels: { tier: 'y', extra: 'z' }, capacity: { instances: 5 } };
    await lab.client.patch(WasmCloudHostResource, { name }, { spec: edit }, { fieldManager: 'kubectl' });
    await eventually(async () => {
      const edited = await lab.client.get(WasmCloudHostResource, { name });
      expect(edited.status?.labels).toMatchObject({ zone: 'a', tier: 'y', extra: 'z' });
      expect(isReady(edited)).toBe(true);
      expect(edited.spec).toMatchObject({ ...edit, lattices: ['*'] });
    });
  });

  it('comes back when somebody deletes it, or overwrites what it says', async () => {
    const { identity } = await lab.host();
    const key = { name: identity.name };
    const first = await untilCondition(lab.client, WasmCloudHostResource, key, { status: 'True' });
    await lab.client.delete(WasmCloudHostResource, key);
    await eventually(async () => {
      const second = await lab.client.get(WasmCloudHostResource, key);
      expect(second.metadata.uid).not.toBe(first.metadata.uid);
      expect(isReady(second)).toBe(true);
    });

    const unknown = { type: 'Ready', status: 'Unknown', reason: 'HostLost', message: 'silent' };
    await lab.client.applyStatus(
      WasmCloudHostResource,
      {
        apiVersion: 'kasmcloud.io/v1alpha1',
        kind: 'WasmCloudHost',
        metadata: key,
        status: { conditions: [{ ...unknown, lastTransitionTime: '2026-01-01T00:00:00Z' } as never] },
      },
      { fieldManager: 'kasmcloud-reconciler', force: true },
    );
    await untilCondition(lab.client, WasmCloudHostResource, key, { status: 'True', reason: 'Serving' });
  });

  it('renews its Lease, and writes nothing else while nothing happens', async () => {
    const { identity } = await lab.host();
    const key = { name: hostLeaseName(identity.name), namespace: SYSTEM_NAMESPACE };
    const host = await untilCondition(
      lab.client,
      WasmCloudHostResource,
      { name: identity.name },
      { status: 'True' },
    );
    const lease = await lab.client.get(LeaseResource, key);
    expect(lease.metadata.labels).toEqual({ 'kasmcloud.io/host': identity.name });
    expect(lease.spec).toMatchObject({ holderIdentity: identity.hostId, leaseDurationSeconds: 10 });
    await eventually(async () =>
      expect((await lab.client.get(LeaseResource, key)).spec.renewTime).not.toBe(lease.spec.renewTime),
    );
    const later = await lab.client.get(WasmCloudHostResource, { name: identity.name });
    expect(later.metadata.resourceVersion).toBe(host.metadata.resourceVersion);
  });

  it('signs off: not ready, no Lease', async () => {
    const host = await TestHost.start(lab.client, lab.dir, { name: `leaving-${process.pid}` });
    await host.stop();
    const { name } = host.identity;
    const gone = await lab.client.get(WasmCloudHostResource, { name });
    expect(conditionOf(gone, 'Ready')).toMatchObject({ status: 'False', reason: 'Shutdown' });
    const lease = { name: hostLeaseName(name), namespace: SYSTEM_NAMESPACE };
    expect(await lab.client.find(LeaseResource, lease)).toBeUndefined();
  });

  it('refuses a name that another process goes by, and leaves what that one says', async () => {
    const { identity } = await lab.host();
    const key = { name: identity.name };
    const before = await untilCondition(lab.client, WasmCloudHostResource, key, { status: 'True' });
    await expect(
      TestHost.start(lab.client, lab.dir, { ...key, hostId: `N${'B'.repeat(55)}` }),
    ).rejects.toMatchObject({ reason: 'LeaseHeld' });
    const after = await lab.client.get(WasmCloudHostResource, key);
    expect(after.metadata.resourceVersion).toBe(before.metadata.resourceVersion);
  });
});
