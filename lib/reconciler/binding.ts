import {
  type ResourceType,
  type WasmCloudActor,
  type WasmCloudProvider,
  annotations,
  fieldManagers,
} from '../api';
import { type JsonPatchOperation, isApiError } from '../kube';
import { type Choice, choose, requirementsOf } from '../placement';
import { componentIdOf } from './component-id';
import type { ReconcilerContext } from './context';
import type { LoadLedger } from './load-ledger';

/** What can be bound to a host. */
export type Placeable = WasmCloudActor | WasmCloudProvider;

/** Whether KasmCloud places this object on a host. */
export function isPlaceable(object: Placeable): boolean {
  if (object.spec.managementPolicy === 'Observe') return false;
  return object.kind === 'WasmCloudActor' || (object.spec.runtime ?? 'Process') === 'Process';
}

/** Binds objects of one kind to hosts. */
export class Binder<T extends Placeable> {
  constructor(
    private readonly context: ReconcilerContext,
    private readonly type: ResourceType<T>,
    private readonly ledger: LoadLedger,
  ) {}

  /** The host that an object would be bound to now, or why there is none. */
  choose(object: T): Choice {
    const { ledger } = this;
    return choose(
      this.context.caches.hosts.list(),
      requirementsOf(object),
      (host) => ledger.loadOn(host),
      (host) =>
        ledger.hasComponent(object, host)
          ? `with component ${componentIdOf(object)} bound already`
          : undefined,
    );
  }

  /**
   * Writes a host to `spec.host` in the place of the one there, if any; the API server allows that only while condition `Placed` is
   * False. Whoever wrote another one first wins.
   * @throws ApiError when somebody changed the object meanwhile; the next pass sees what is there now
   */
  async bind(object: T, host: string, signal: AbortSignal): Promise<void> {
    this.ledger.assume(object, host);
    await this.patch(object, signal, [{ op: 'add', path: '/spec/host', value: host }, ...markOn(object)]);
  }

  /** Takes an object off its host, so that it waits for one. */
  async release(object: T, signal: AbortSignal): Promise<void> {
    await this.patch(object, signal, [{ op: 'remove', path: '/spec/host' }]);
  }

  private async patch(object: T, signal: AbortSignal, operations: JsonPatchOperation[]): Promise<void> {
    try {
      await this.context.client.patch(
        this.type,
        object.metadata,
        [
          { op: 'test', path: '/metadata/uid', value: object.metadata.uid },
          { op: 'test', path: '/spec/host', value: object.spec.host ?? null },
          ...operations,
        ],
        { fieldManager: fieldManagers.reconciler, signal },
      );
    } catch (error) {
      // An answer that got lost may hide a success: then the binding shows up and is counted by that.
      this.ledger.retract(object);
      // Deleted meanwhile: there is nothing left to bind.
      if (!isApiError(error, 404)) throw error;
    }
  }
}

/** Operations that leave the mark by which the reconciler knows its own bindings. */
function markOn({ metadata }: Placeable): JsonPatchOperation[] {
  const { boundBy } = annotations;
  const path = '/metadata/annotations';
  if (metadata.annotations !== undefined)
    return [
      {
        op: 'add',
        path: `${path}/${boundBy.replace('/', '~1')}`,
        value: 'reconciler',
      },
    ];
  return [
    // Else it would take away what somebody has just added.
    { op: 'test', path, value: null },
    { op: 'add', path, value: { [boundBy]: 'reconciler' } },
  ];
}
