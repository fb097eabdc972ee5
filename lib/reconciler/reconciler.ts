import { SYSTEM_NAMESPACE, WasmCloudActorResource, WasmCloudProviderResource, leaderLeaseName } from '../api';
import { type Connection, EventRecorder, KubeClient, LeaderElector, ensureNamespace } from '../kube';
import { Caches } from './caches';
import type { ReconcilerContext } from './context';
import { distributionController } from './distribution/controller';
import { DistributionReconciler } from './distribution/pass';
import { tellOfHosts } from './host-events';
import { hostHealthController } from './host-health';
import { latticeController } from './lattice';
import { linkController } from './link';
import { LoadLedger } from './load-ledger';
import { workloadController } from './workload';

export interface ReconcilerOptions {
  readonly connection: Connection;
  /** Unique among the reconcilers of the cluster, e.g. the pod's name. */
  readonly identity: string;
}

/**
 * Places actors and providers on hosts, distributes and rolls them out, notices the loss of hosts, and judges links and lattices. Of several reconcilers one works,
 * the others stand by with warm caches.
 */
export class Reconciler {
  private readonly client: KubeClient;
  private readonly caches: Caches;
  private readonly elector: LeaderElector;

  constructor(private readonly options: ReconcilerOptions) {
    this.client = new KubeClient(options.connection);
    this.caches = new Caches(this.client);
    this.elector = new LeaderElector(this.client, {
      namespace: SYSTEM_NAMESPACE,
      name: leaderLeaseName('reconciler'),
      identity: options.identity,
    });
  }

  /** Whether it works, or could take over at once. */
  ready(): boolean {
    return this.caches.hasSynced && (this.elector.isLeader || this.elector.leader !== undefined);
  }

  /** Whether this one works. */
  get leads(): boolean {
    return this.elector.isLeader;
  }

  /** Runs until `signal` aborts, through any outage of the API server. */
  async run(signal: AbortSignal): Promise<void> {
    this.caches.start();
    try {
      // Leader election needs the namespace, which the installation of the CRDs may not have made.
      await ensureNamespace(this.client, SYSTEM_NAMESPACE, signal);
      await this.elector.run((term) => this.lead(term), signal);
    } catch (error) {
      // The end that was asked for.
      if (!signal.aborted) throw error;
    } finally {
      await this.caches.stop();
    }
  }

  private async lead(signal: AbortSignal): Promise<void> {
    const { caches, elector, options } = this;
    const client = new KubeClient(options.connection, () => elector.assertLeads());
    // What was done may be told by who no longer leads.
    const events = new EventRecorder(this.client, {
      controller: 'kasmcloud.io/reconciler',
      instance: options.identity,
    });
    const context: ReconcilerContext = { client, caches, events, elector };
    const ledger = new LoadLedger();
    const distributions = new DistributionReconciler(context, ledger);
    const unfollow = [
      ledger.follow(caches.actors),
      ledger.follow(caches.providers),
      distributions.follow(),
      tellOfHosts(events, caches.hosts),
    ];
    const controllers = [
      hostHealthController(context),
      workloadController(context, WasmCloudActorResource, caches.actors, ledger),
      workloadController(context, WasmCloudProviderResource, caches.providers, ledger),
      distributionController(context, distributions),
      linkController(context),
      latticeController(context),
    ];
    try {
      // Also what a controller does not watch counts: the load of a host is actors and providers.
      await caches.synced(signal);
      for (const controller of controllers) controller.start();
      await aborted(signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      await Promise.all(controllers.map((controller) => controller.stop()));
      for (const end of unfollow) end();
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
