import { conditionTypes, fieldManagers, type ResourceType } from '../../api';
import { messageOf } from '../../base/errors';
import { log } from '../../base/log';
import { applyStatus, type WithStatus } from '../../kube';
import type { HostContext } from './context';
import { Report } from './report';

/** Time to say that nothing runs any more; who is not told by then finds out when the host's Lease ends. */
const FAREWELL_MS = 3_000;
const AT_A_TIME = 16;

/** Writes into the status of everything that ran here that the host has shut down. Failures are logged: the host ends all the same. */
export async function farewell<T extends WithStatus>(
  context: HostContext,
  type: ResourceType<T>,
  objects: readonly T[],
  statusOf: (object: T) => object,
): Promise<void> {
  const signal = AbortSignal.timeout(FAREWELL_MS);
  const waiting = [...objects];
  const worker = async (): Promise<void> => {
    for (let object = waiting.pop(); object !== undefined; object = waiting.pop()) {
      const report = new Report(object);
      report.observe(conditionTypes.ready, 'False', 'HostShutdown', `Host ${context.hostName} has shut down`);
      const status = { ...statusOf(object), conditions: report.conditions };
      await applyStatus(context.client, type, object, status, {
        fieldManager: fieldManagers.host,
        force: true,
        signal,
      });
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  } catch (error) {
    log.warn({ kind: type.kind, error: messageOf(error) }, 'Could not report the shutdown in every status');
  }
}
