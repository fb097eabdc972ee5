import { type ResourceType, type WasmCloudActor, type WasmCloudProvider, fieldManagers } from '../api';
import { isApiError } from '../kube';
import { choose, requirementsOf } from '../placement';
import type { ReconcilerContext } from './context';
import type { LoadLedger } from './load-ledger';

/** What can be bound to a host. */
export type Placeable = WasmCloudActor | WasmCloudProvider;

/** The host that was chosen, or why there is none. */
export type Binding = { readonly host: string } | { readonly host?: undefined; readonly explanation: string };

/** Whether KasmCloud places this object on a host. */
export function isPlaceable(object: Placeable): boolean {
  if (object.spec.managementPolicy === 'Observe') return false;
  return object.kind === 'WasmCloudActor' || (object.spec.runtime ?? 'Process') === 'Process';
}

/**
 * Chooses a host for an object that has none and writes it to `spec.host`, once: whoever wrote another one first wins, and the
 * API server refuses to change it ever after.
 * @throws ApiError when somebody changed the object meanwhile; the next pass sees what is there now
 */
export async function bind<T extends Placeable>(
  { client, caches, events }: ReconcilerContext,
  ledger: LoadLedger,
  type: ResourceType<T>,
  object: T,
  signal: AbortSignal,
): Promise<Binding> {
  const choice = choose(caches.hosts.list(), requirementsOf(object), (host) => ledger.loadOn(host));
  if (choice.host === undefined) return choice;
  const { name } = choice.host.metadata;
  ledger.assume(object, name);
  try {
    await client.patch(
      type,
      object.metadata,
      [
        { op: 'test', path: '/metadata/uid', value: object.metadata.uid },
        { op: 'test', path: '/spec/host', value: null },
        { op: 'add', path: '/spec/host', value: name },
      ],
      { fieldManager: fieldManagers.reconciler, signal },
    );
  } catch (error) {
    // An answer that got lost may hide a success: then the binding shows up and is counted by that.
    ledger.retract(object);
    // Deleted meanwhile: there is nothing left to bind.
    if (isApiError(error, 404)) return { host: name };
    throw error;
  }
  events.record(object, { reason: 'Bound', action: 'Binding', note: `Bound to host ${name}` });
  return { host: name };
}
