import type * as k8splus from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import { reconcilerNodeOptions } from '../../lib/api/node-options';
import type { ILattice } from '../ilattice';
import { kplus } from './kplus';
import { imageIssues } from './image';
import { networkPolicy } from './network';
import {
  adminPort,
  adminProbes,
  containerProps,
  disruptionBudget,
  finish,
  type PartProps,
  podProps,
  separate,
} from './pod';
import { RuntimeAccess } from './rbac';
import { connectToControlPlane, type ControlPlaneProps, serviceAccount, set } from './role';

/** Properties of {@link Reconciler}. */
export interface ReconcilerProps extends PartProps, ControlPlaneProps {
  /** Image of the `kasmcloud` program: {@link kasmcloudImage}. */
  readonly image: string;
  /**
   * Number of pods, of which one leads and the others stand by.
   *
   * @default 2
   */
  readonly replicas?: number;
  /**
   * Lattices in which it may write. It watches all namespaces in any case, so that fewer than all of them suit a control plane of which
   * it may not read everything only together with rights given elsewhere.
   *
   * @default '*'
   */
  readonly lattices?: readonly ILattice[] | '*';
}

const app = 'kasmcloud-reconciler';

/**
 * The control loops of the platform as a Deployment: two pods that elect a leader, on different nodes, with the rights that they need.
 *
 * @example
 * import { App, Chart } from 'cdk8s';
 * import { kasmcloudImage, Reconciler } from 'kasmcloud';
 *
 * const chart = new Chart(new App(), 'platform', { namespace: 'kasmcloud-system' });
 * new Reconciler(chart, 'reconciler', {
 *   image: kasmcloudImage('registry.example.com/kasmcloud', { version: '0.1.0' }),
 *   resources: { memory: { request: 128, limit: 512 } },
 * });
 */
export class Reconciler extends Construct {
  readonly replicas: number;
  /** The Deployment, for what this class has no word for. */
  readonly workload: k8splus.Deployment;
  /** What it may do; none where a kubeconfig says who it is. */
  readonly access: RuntimeAccess | undefined;

  constructor(scope: Construct, id: string, props: ReconcilerProps) {
    super(scope, id);
    this.replicas = props.replicas ?? 2;
    const inCluster = props.kubeconfig === undefined;
    const account = inCluster ? serviceAccount(this, app) : undefined;
    this.workload = new kplus.Deployment(this, 'Deployment', {
      ...podProps(this, app, props, 30),
      replicas: this.replicas,
      ...(account && { serviceAccount: account, automountServiceAccountToken: true }),
    });
    const container = this.workload.addContainer({
      ...containerProps(props.resources, { cpu: { request: 50 }, memory: { request: 96, limit: 512 } }),
      ...adminProbes(),
      name: 'reconciler',
      image: props.image,
      args: ['run', 'reconciler'],
      ports: [{ name: 'admin', number: adminPort }],
    });
    set(container, 'NODE_OPTIONS', reconcilerNodeOptions);
    connectToControlPlane(this, container, props);
    finish(this, app, this.workload);
    if (this.replicas > 1) separate(this.workload);
    disruptionBudget(this, app);
    if (props.networkPolicy !== false) networkPolicy(this, app, this.workload, { namespace: [adminPort] });
    this.access =
      account &&
      new RuntimeAccess(this, 'Access', {
        role: 'reconciler',
        serviceAccount: account.name,
        lattices: props.lattices ?? '*',
      });
    this.node.addValidation({
      validate: () => [
        ...imageIssues(props.image),
        ...(Number.isInteger(this.replicas) && this.replicas >= 1
          ? []
          : [`replicas must be an integer >= 1, got ${this.replicas}`]),
      ],
    });
  }
}
