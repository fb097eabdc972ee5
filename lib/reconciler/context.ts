import type { EventRecorder, KubeClient } from '../kube';
import type { Caches } from './caches';

/** What every controller of the reconciler works with. */
export interface ReconcilerContext {
  readonly client: KubeClient;
  readonly caches: Caches;
  readonly events: EventRecorder;
}
