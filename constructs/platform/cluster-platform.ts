import { Chart } from 'cdk8s';
import { Construct } from 'constructs';
import { SYSTEM_NAMESPACE } from '../../lib/api/names';
import type { ILattice } from '../ilattice';
import { HostWorkload, type HostWorkloadProps } from './host-workload';
import { Nats, type NatsProps } from './nats';
import type { NatsConnection } from './nats-connection';
import { Reconciler, type ReconcilerProps } from './reconciler';
import { Crds, namespaceObject } from './system-chart';

/** Properties of {@link ClusterPlatform}. */
export interface ClusterPlatformProps {
  /** Image of the `kasmcloud` program, as `kasmcloudImage` names it. */
  readonly image: string;
  /** The NATS to deploy, or how to reach one that runs already. */
  readonly nats: NatsProps | NatsConnection;
  /**
   * How hosts are deployed.
   *
   * @default - a Deployment of 3
   */
  readonly hosts?: Partial<Omit<HostWorkloadProps, 'image' | 'nats'>>;
  /**
   * How the reconciler is deployed.
   *
   * @default - 2 pods
   */
  readonly reconciler?: Partial<Omit<ReconcilerProps, 'image'>>;
  /**
   * Lattices to serve; more by {@link ClusterPlatform.grantLattice}. `'*'` stands for all, Secrets of every namespace included.
   *
   * @default - those that are granted
   */
  readonly lattices?: readonly ILattice[] | '*';
  /**
   * Whether the definitions of the kinds are part of the output.
   *
   * @default true
   */
  readonly crds?: boolean;
}

/**
 * KasmCloud in a Kubernetes cluster: the kinds, NATS, the reconciler and hosts, in the namespace `kasmcloud-system`. A {@link PlatformApp}
 * writes it before lattices.
 *
 * @example
 * import { Actor, ClusterPlatform, kasmcloudImage, Lattice, PlatformApp } from 'kasmcloud';
 *
 * const app = new PlatformApp();
 * const lattice = new Lattice(app, 'shop');
 * new Actor(lattice, 'cart', { image: 'registry.example.com/cart:1.4.0' });
 *
 * new ClusterPlatform(app, 'platform', {
 *   image: kasmcloudImage('registry.example.com/kasmcloud'),
 *   nats: { image: 'registry.example.com/nats:2.11-alpine' },
 *   hosts: { replicas: 'Daemon' },
 * }).grantLattice(lattice);
 */
export class ClusterPlatform extends Construct {
  /** The definitions of the kinds; none where they are not part of the output. */
  readonly crds: Crds | undefined;
  /** Everything else, in the namespace `kasmcloud-system`. */
  readonly chart: Chart;
  /** None where NATS runs elsewhere. */
  readonly nats: Nats | undefined;
  readonly reconciler: Reconciler;
  readonly hosts: HostWorkload;

  constructor(scope: Construct, id: string, props: ClusterPlatformProps) {
    super(scope, id);
    const { image, nats, lattices = [] } = props;
    this.crds = props.crds === false ? undefined : new Crds(this, 'crds');
    this.chart = new Chart(this, 'system', { namespace: SYSTEM_NAMESPACE });
    namespaceObject(this.chart, 'Namespace', SYSTEM_NAMESPACE);
    this.nats = 'url' in nats ? undefined : new Nats(this.chart, 'nats', nats);
    this.reconciler = new Reconciler(this.chart, 'reconciler', { ...props.reconciler, image });
    const connection = this.nats ?? (nats as NatsConnection);
    this.hosts = new HostWorkload(this.chart, 'host', {
      ...props.hosts,
      image,
      nats: connection,
      lattices: lattices === '*' ? '*' : [],
    });
    if (lattices !== '*') for (const lattice of lattices) this.grantLattice(lattice);
  }

  /** Lets the hosts serve a lattice. */
  grantLattice(lattice: ILattice): this {
    this.hosts.grantLattice(lattice);
    return this;
  }
}
