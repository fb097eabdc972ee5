import type { WasmCloudHost } from '../../../lib/api';
import type { ReconcilerContext } from '../../../lib/reconciler/context';
import { HostExpiry } from '../../../lib/reconciler/host-expiry';
import { ManualClock } from '../kube/manual-clock';

const signal = new AbortController().signal;
const minutes = 60_000;

function host(
  reason: string,
  managers: string[] = ['kasmcloud-host', 'kasmcloud-reconciler'],
): WasmCloudHost {
  const ready = { type: 'Ready', status: 'False' as const, reason, message: '', lastTransitionTime: '' };
  return {
    apiVersion: 'kasmcloud.io/v1alpha1',
    kind: 'WasmCloudHost',
    metadata: { name: 'pod-1', uid: 'u', managedFields: managers.map((manager) => ({ manager })) },
    spec: { lattices: ['*'] },
    status: { conditions: [ready] },
  };
}

/** What is done to a host in that state, seen now and again ten minutes later. */
async function deletedOf(seen: WasmCloudHost, bound = 0, later = seen): Promise<unknown[]> {
  const deleted: unknown[] = [];
  const index = { by: () => Array.from({ length: bound }) };
  const context = {
    caches: { actors: index, providers: { by: () => [] } },
    client: {
      find: async () => later,
      delete: async (...[, key, options]: [unknown, object, { uid: string }]) =>
        deleted.push([key, options.uid]),
    },
  } as unknown as ReconcilerContext;
  const clock = new ManualClock();
  const expiry = new HostExpiry(context, clock);
  const first = await expiry.reconcile(seen, signal);
  clock.advance(first?.requeueAfterMs ?? 10 * minutes);
  await expiry.reconcile(seen, signal);
  return deleted;
}

test('a host that signed off is forgotten after ten minutes, and not before', async () => {
  const expiry = new HostExpiry({} as ReconcilerContext, new ManualClock());
  expect(await expiry.reconcile(host('Shutdown'), signal)).toEqual({ requeueAfterMs: 10 * minutes });
  expect(await deletedOf(host('Shutdown'))).toEqual([[{ name: 'pod-1' }, 'u']]);
});

test.each([
  ['that has not signed off', host('Starting'), 0, undefined],
  ['to which something is bound', host('Shutdown'), 1, undefined],
  ['that somebody has edited', host('Shutdown', ['kasmcloud-host', 'kubectl-edit']), 0, undefined],
  ['that is back', host('Shutdown'), 0, host('Starting')],
])('a host %s stays', async (_, seen, bound, later) => {
  expect(await deletedOf(seen, bound, later)).toEqual([]);
});
