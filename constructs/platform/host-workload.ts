import { Lazy } from 'cdk8s';
import type * as k8splus from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import type { ILattice } from '../ilattice';
import { kplus } from './kplus';
import { imageIssues } from './image';
import { confineHosts } from './host-admission';
import { type NatsConnection, natsIssues } from './nats-connection';
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
import { connectToControlPlane, connectToNats, type ControlPlaneProps, serviceAccount, set } from './role';
import { wasmCloudContainer } from './wasmcloud-host';

/** Properties of {@link HostWorkload}. */
export interface HostWorkloadProps extends PartProps, ControlPlaneProps {
  /** Image of the `kasmcloud` program ({@link kasmcloudImage}), or of a wasmCloud 1.9 host with `type: 'wasmCloud'`. */
  readonly image: string;
  /**
   * `Kasm`: the host of this project, which takes its work from the API server. `wasmCloud`: a host of wasmCloud 1.9, which takes it from
   * NATS and knows nothing of Kubernetes.
   *
   * @default 'Kasm'
   */
  readonly type?: 'Kasm' | 'wasmCloud';
  /** The NATS that carries calls. */
  readonly nats: NatsConnection;
  /**
   * Number of hosts, or `'Daemon'` for one on every node that `nodeSelector` selects.
   *
   * @default 3
   */
  readonly replicas?: number | 'Daemon';
  /**
   * Lattices to serve; more by {@link HostWorkload.grantLattice}. `'*'` stands for all, Secrets of every namespace included.
   *
   * @default - those that are granted
   */
  readonly lattices?: readonly ILattice[] | '*';
  /**
   * Labels of the hosts, for placement.
   *
   * @default - none but those of `nodeSelector`
   */
  readonly labels?: { readonly [key: string]: string };
  /**
   * Labels of the nodes to run on. The hosts carry them too, so that a spread over zones of nodes is one over zones of hosts.
   *
   * @default - any node
   */
  readonly nodeSelector?: { readonly [key: string]: string };
  /**
   * Whether the pods are reconcilers, too, of which one leads: for a small installation without a {@link Reconciler}.
   *
   * @default false
   */
  readonly reconciler?: boolean;
  /**
   * Time for calls in flight when a pod is asked to end, in whole seconds; the pod gets 15 more. At most 3600.
   *
   * @default 30
   */
  readonly drainGraceSeconds?: number;
  /**
   * Ports on which HTTP servers of the lattices listen, beside the one for probes.
   *
   * @default [8080]
   */
  readonly ports?: readonly number[];
}

const app = 'kasmcloud-host';
const dataDir = '/var/lib/kasmcloud';

/**
 * Hosts as pods: a Deployment, or a DaemonSet with one on every node. They serve the lattices that they are granted, and may read nothing
 * of others.
 *
 * @example
 * import { App, Chart } from 'cdk8s';
 * import { Secret } from 'cdk8s-plus-27';
 * import { HostWorkload, kasmcloudImage, Lattice } from 'kasmcloud';
 *
 * const app = new App();
 * const shop = new Lattice(app, 'shop');
 * const chart = new Chart(app, 'platform', { namespace: 'kasmcloud-system' });
 * const hosts = new HostWorkload(chart, 'hosts', {
 *   image: kasmcloudImage('registry.example.com/kasmcloud'),
 *   nats: {
 *     url: 'tls://nats.example.com:4222',
 *     credentials: Secret.fromSecretName(chart, 'NatsCredentials', 'nats-host'),
 *   },
 *   replicas: 'Daemon',
 *   nodeSelector: { 'topology.kubernetes.io/zone': 'eu-1' },
 * });
 * hosts.grantLattice(shop);
 */
export class HostWorkload extends Construct {
  /** Number of hosts, or `'Daemon'`. */
  readonly replicas: number | 'Daemon';
  /** The Deployment or DaemonSet, for what this class has no word for. */
  readonly workload: k8splus.Deployment | k8splus.DaemonSet;
  /** What the hosts may do; none where they are of wasmCloud, or a kubeconfig says who they are. */
  readonly access: RuntimeAccess | undefined;

  private readonly granted: string[] = [];

  constructor(
    scope: Construct,
    id: string,
    private readonly props: HostWorkloadProps,
  ) {
    super(scope, id);
    this.replicas = props.replicas ?? 3;
    const { type = 'Kasm', lattices = [], drainGraceSeconds = 30 } = props;
    // Those that are taken twice are reported with everything else that is wrong.
    const ports = [...new Set(props.ports ?? [8080])].filter((port) => port !== adminPort);
    const account = type === 'Kasm' && props.kubeconfig === undefined ? serviceAccount(this, app) : undefined;
    const pods = {
      ...podProps(this, app, props, drainGraceSeconds + 15),
      ...(account && { serviceAccount: account, automountServiceAccountToken: true }),
    };
    this.workload =
      this.replicas === 'Daemon'
        ? new kplus.DaemonSet(this, 'DaemonSet', pods)
        : new kplus.Deployment(this, 'Deployment', { ...pods, replicas: this.replicas });
    if (type === 'Kasm') this.kasmContainer(ports);
    else
      wasmCloudContainer(this, this.workload, { ...props, ports, labels: this.labels, lattice: this.only() });
    finish(this, app, this.workload);
    for (const [key, value] of Object.entries(props.nodeSelector ?? {}))
      this.workload.scheduling.attract(kplus.Node.labeled(kplus.NodeLabelQuery.is(key, value)));
    if (this.workload instanceof kplus.Deployment) {
      separate(this.workload);
      disruptionBudget(this, app);
    }
    if (props.networkPolicy !== false)
      networkPolicy(this, app, this.workload, { anyone: ports, namespace: [adminPort] });
    this.access =
      account && new RuntimeAccess(this, 'Access', { role: 'host', serviceAccount: account.name, lattices });
    if (account && !props.reconciler) confineHosts(this, account.name);
    if (account && props.reconciler)
      new RuntimeAccess(this, 'Reconciler', {
        role: 'reconciler',
        serviceAccount: account.name,
        lattices: '*',
      });
    if (lattices === '*') this.granted.push('*');
    else for (const { namespace } of lattices) this.granted.push(namespace);
    this.node.addValidation({ validate: () => this.issues() });
  }

  /** The namespaces whose lattices are served; `*` stands for all. */
  get lattices(): readonly string[] {
    return [...this.granted];
  }

  /** Lets the hosts serve a lattice, too, with the rights that this takes. */
  grantLattice(lattice: ILattice): this {
    this.access?.grantLattice(lattice);
    if (!this.granted.includes('*') && !this.granted.includes(lattice.namespace))
      this.granted.push(lattice.namespace);
    return this;
  }

  private get labels(): Record<string, string> {
    return { ...this.props.nodeSelector, ...this.props.labels };
  }

  private kasmContainer(ports: readonly number[]): void {
    const { props } = this;
    const container = this.workload.addContainer({
      ...containerProps(props.resources, { cpu: { request: 250 }, memory: { request: 256, limit: 2048 } }),
      ...adminProbes(),
      name: 'host',
      image: props.image,
      args: [
        'run',
        props.reconciler ? 'host,reconciler' : 'host',
        ...Object.entries(this.labels).map(([key, value]) => `--label=${key}=${value}`),
      ],
      ports: [
        { name: 'admin', number: adminPort },
        ...ports.map((number) => ({ name: `http-${number}`, number })),
      ],
    });
    const field = (variable: string, path: k8splus.EnvFieldPaths): void =>
      container.env.addVariable(variable, kplus.EnvValue.fromFieldRef(path));
    // One host a node keeps its name and so its object; others come and go with their pods.
    field(
      'KASMCLOUD_HOST_NAME',
      this.replicas === 'Daemon' ? kplus.EnvFieldPaths.NODE_NAME : kplus.EnvFieldPaths.POD_NAME,
    );
    field('KASMCLOUD_NODE_NAME', kplus.EnvFieldPaths.NODE_NAME);
    field('KASMCLOUD_ADDRESS', kplus.EnvFieldPaths.POD_IP);
    set(container, 'KASMCLOUD_DATA_DIR', dataDir);
    set(container, 'KASMCLOUD_DRAIN_GRACE', `${props.drainGraceSeconds ?? 30}s`);
    set(container, 'KASMCLOUD_LATTICE', Lazy.any({ produce: () => this.granted.join(',') }) as string);
    container.mount(dataDir, kplus.Volume.fromEmptyDir(this, 'DataVolume', 'data'));
    connectToControlPlane(this, container, props);
    connectToNats(this, container, props.nats);
  }

  /** The lattice of a wasmCloud host, which serves exactly one. */
  private only(): string {
    return Lazy.any({ produce: () => this.granted[0] }) as string;
  }

  private issues(): string[] {
    const { image, type = 'Kasm', nats, drainGraceSeconds = 30, ports = [8080], kubeconfig } = this.props;
    const issues = imageIssues(image);
    const { replicas } = this;
    if (replicas !== 'Daemon' && !(Number.isInteger(replicas) && replicas >= 0))
      issues.push(`replicas must be an integer >= 0, or 'Daemon', got ${JSON.stringify(replicas)}`);
    issues.push(...natsIssues(nats, type));
    if (!(Number.isInteger(drainGraceSeconds) && drainGraceSeconds >= 0 && drainGraceSeconds <= 3600))
      issues.push(`drainGraceSeconds must be an integer from 0 to 3600, got ${drainGraceSeconds}`);
    if (this.granted.length === 0)
      issues.push(
        `lattices must name what the hosts serve, got none: call grantLattice, or give lattices: '*' to serve all`,
      );
    const taken = ports.find((port, at) => port === adminPort || ports.indexOf(port) < at);
    if (taken !== undefined)
      issues.push(
        `ports must differ from each other and from ${adminPort}, which probes use, got ${taken} again`,
      );
    const core = Object.keys(this.labels).find((key) => key.toLowerCase().startsWith('hostcore.'));
    if (core !== undefined)
      issues.push(`labels must not start with hostcore., which each host sets itself, got "${core}"`);
    if (type === 'wasmCloud' && (this.granted.length !== 1 || this.granted[0] === '*'))
      issues.push(
        `lattices must name exactly one lattice with type wasmCloud, got ${this.granted.join(', ')}: make a HostWorkload for each`,
      );
    if (type === 'wasmCloud' && kubeconfig !== undefined)
      issues.push(
        'kubeconfig must not be given with type wasmCloud, whose hosts do not speak to an API server',
      );
    return issues;
  }
}
