import type { WasmCloudActor, WasmCloudProvider } from '../../api';
import { TerminalError } from '../../base/errors';
import { keyOf } from '../../kube';
import { BY_COMPONENT, componentIdOf, componentKeyOf, isOurs } from './context';
import type { Mirror } from './mirror';

/**
 * Of several objects with one component id on one host the oldest runs; links could not tell them apart. Creation is known to the second:
 * within one, what runs already goes on. Only actors that one distribution made are replicas: while it rolls out a change, a host runs
 * two revisions beside each other.
 * @throws TerminalError `ComponentIdTaken` for the others
 */
export function requireComponentId<T extends WasmCloudActor | WasmCloudProvider>(
  object: T,
  all: Mirror<T>,
  hostName: string,
  isRunning: (key: string) => boolean,
): void {
  const rank = (one: T): string => {
    const { creationTimestamp, uid } = one.metadata;
    return `${creationTimestamp} ${isRunning(keyOf(one)) ? 0 : 1} ${uid}`;
  };
  const [first] = all
    .by(BY_COMPONENT, componentKeyOf(object))
    .filter((other) => isOurs(other, hostName))
    .sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
  if (first === undefined || first.metadata.uid === object.metadata.uid) return;
  const owner = controllerOf(object);
  if (object.kind === 'WasmCloudActor' && owner !== undefined && owner === controllerOf(first)) return;
  throw new TerminalError(
    'ComponentIdTaken',
    `spec.componentId: ${JSON.stringify(componentIdOf(object))} is already run on host ${hostName} by ${first.kind} ${keyOf(first)}`,
    'Delete one of them, or give it another component id or host',
  );
}

/** The uid of the object that made this one and looks after it. */
function controllerOf({ metadata }: WasmCloudActor | WasmCloudProvider): string | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid;
}
