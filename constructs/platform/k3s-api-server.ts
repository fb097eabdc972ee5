import { Duration } from 'cdk8s';
import type * as k8splus from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import { kplus } from './kplus';
import { imageIssues } from './image';
import { k3sServerCommand, type K3sServerOptions, k3sSystemdUnit } from './k3s-command';
import { partLabels, partName, partNamespace } from './names';
import { networkPolicy } from './network';
import {
  byReference,
  claimVolume,
  containerProps,
  disruptionBudget,
  finish,
  type PartProps,
  podProps,
  separate,
  sizeIssues,
} from './pod';

/** Properties of {@link K3sApiServer}. */
export interface K3sApiServerProps extends PartProps {
  /** Image of K3s, with its registry: `registry.example.com/rancher/k3s:v1.33.5-k3s1`. */
  readonly image: string;
  /**
   * Secret with the address of an external database under the key `endpoint`, as K3s takes it: with it, the server keeps nothing itself
   * and several can run.
   *
   * @default - SQLite on a volume
   */
  readonly datastore?: k8splus.ISecret;
  /**
   * Number of servers; more than one only with `datastore`.
   *
   * @default - 2 with a datastore, else 1
   */
  readonly replicas?: number;
  /**
   * Secret with the key `token`, which servers of one datastore share.
   *
   * @default - K3s makes one up; needed with several servers
   */
  readonly token?: k8splus.ISecret;
  /**
   * Size of the volume, as a Kubernetes quantity.
   *
   * @default '10Gi'
   */
  readonly size?: string;
  /**
   * Names and addresses by which the server is reached, beside that of the Service.
   *
   * @default - none
   */
  readonly tlsSans?: readonly string[];
}

const app = 'k3s-api-server';
const dataDir = '/var/lib/rancher/k3s';
const port = 6443;

/**
 * A Kubernetes API server for lattices of its own, in another cluster or on a bare machine: K3s without an agent, so that no kubelet and
 * no node is needed. In a cluster it is a StatefulSet with SQLite on a volume, or a Deployment with an external database.
 *
 * @example
 * import { App, Chart } from 'cdk8s';
 * import { K3sApiServer } from 'kasmcloud';
 *
 * const chart = new Chart(new App(), 'control-plane', { namespace: 'edge' });
 * const server = new K3sApiServer(chart, 'api', { image: 'registry.example.com/rancher/k3s:v1.33.5-k3s1' });
 * const howToGetIn = server.kubeconfigCommand;
 * // The same on a machine without any cluster:
 * const unit = K3sApiServer.systemdUnit({ tlsSans: ['api.example.com'] });
 */
export class K3sApiServer extends Construct {
  /** The command that starts such a server on a bare machine, word by word. */
  static command(options?: K3sServerOptions): string[] {
    return k3sServerCommand(options);
  }

  /** A systemd unit that keeps such a server running on a bare machine. */
  static systemdUnit(options?: K3sServerOptions, program?: string): string {
    return k3sSystemdUnit(options, program);
  }

  readonly replicas: number;
  /** Address inside the cluster. */
  readonly url: string;
  /** How kubectl names the pods: `sts/NAME` or `deploy/NAME`. */
  readonly pods: string;
  /** The command that prints the admin's kubeconfig, its server being the address inside the cluster. */
  readonly kubeconfigCommand: string;
  /** The StatefulSet or Deployment, for what this class has no word for. */
  readonly workload: k8splus.StatefulSet | k8splus.Deployment;
  readonly service: k8splus.Service;

  constructor(scope: Construct, id: string, props: K3sApiServerProps) {
    super(scope, id);
    const { datastore, token } = props;
    const name = partName(this);
    const labels = partLabels(this, app);
    const host = `${name}.${partNamespace(this)}.svc`;
    this.replicas = props.replicas ?? (datastore ? 2 : 1);
    this.url = `https://${host}:${port}`;
    const pods = { ...podProps(this, app, props, 30), replicas: this.replicas };
    this.service = new kplus.Service(this, 'Service', {
      metadata: { name, labels },
      ports: [{ name: 'https', port, targetPort: port }],
    });
    const stateful = datastore
      ? undefined
      : new kplus.StatefulSet(this, 'StatefulSet', { ...pods, service: this.service });
    this.workload = stateful ?? new kplus.Deployment(this, 'Deployment', pods);
    this.pods = `${datastore ? 'deploy' : 'sts'}/${name}`;
    this.kubeconfigCommand = `kubectl -n ${partNamespace(this)} exec ${this.pods} -- sed s,https://127.0.0.1:${port},${this.url}, ${dataDir}/kubeconfig.yaml`;
    const [command = '', ...args] = k3sServerCommand({
      dataDir,
      port,
      tlsSans: [host, ...(props.tlsSans ?? [])],
    });
    const probe = (failureThreshold: number) =>
      // Without credentials, /livez and /readyz answer 401.
      kplus.Probe.fromTcpSocket({ port, failureThreshold, periodSeconds: Duration.seconds(5) });
    const container = this.workload.addContainer({
      ...containerProps(props.resources, { cpu: { request: 250 }, memory: { request: 512, limit: 2048 } }),
      name: 'k3s',
      image: props.image,
      command: [command],
      args,
      ports: [{ name: 'https', number: port }],
      envVariables: {
        HOME: kplus.EnvValue.fromValue('/tmp'),
        ...(token && {
          K3S_TOKEN: kplus.EnvValue.fromSecretValue({ secret: byReference('token', token), key: 'token' }),
        }),
        ...(datastore && {
          K3S_DATASTORE_ENDPOINT: kplus.EnvValue.fromSecretValue({
            secret: byReference('datastore', datastore),
            key: 'endpoint',
          }),
        }),
      },
      startup: probe(60),
      liveness: probe(6),
      readiness: probe(2),
    });
    container.mount('/tmp', kplus.Volume.fromEmptyDir(this, 'TmpVolume', 'tmp'));
    if (stateful) claimVolume(this, app, stateful, { size: props.size ?? '10Gi', mountPath: dataDir });
    else container.mount(dataDir, kplus.Volume.fromEmptyDir(this, 'DataVolume', 'data'));
    finish(this, app, this.workload);
    this.service.select(this.workload);
    if (this.replicas > 1) {
      separate(this.workload);
      disruptionBudget(this, app);
    }
    if (props.networkPolicy !== false) networkPolicy(this, app, this.workload, { anyone: [port] });
    this.node.addValidation({ validate: () => this.issues(props) });
  }

  private issues({ image, datastore, token, size }: K3sApiServerProps): string[] {
    const issues = imageIssues(image);
    if (!Number.isInteger(this.replicas) || this.replicas < 1)
      issues.push(`replicas must be an integer >= 1, got ${this.replicas}`);
    if (this.replicas > 1 && datastore === undefined)
      issues.push(
        `replicas must be 1 without a datastore, got ${this.replicas}: SQLite belongs to one server, so give datastore`,
      );
    if (this.replicas > 1 && token === undefined)
      issues.push('token must be given with several servers: they know each other by it');
    if (size !== undefined && datastore !== undefined)
      issues.push(`size must not be given with a datastore, got ${JSON.stringify(size)}: there is no volume`);
    issues.push(...sizeIssues('size', size));
    return issues;
  }
}
