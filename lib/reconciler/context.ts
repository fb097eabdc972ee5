import type { EventRecorder, KubeClient, LeaderElector } from '../kube';
import type { Caches } from './caches';

/** What every controller of the reconciler works with. */
export interface ReconcilerContext {
  /** Writes only while this reconciler leads for certain. */
  readonly client: KubeClient;
  readonly caches: Caches;
  readonly events: EventRecorder;
  readonly elector: Pick<LeaderElector, 'steadySince'>;
}
