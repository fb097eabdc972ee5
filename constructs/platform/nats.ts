import { createHash } from 'node:crypto';
import { ApiObject, JsonPatch } from 'cdk8s';
import type * as k8splus from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import { kplus } from './kplus';
import { imageIssues } from './image';
import { partLabels, partName, partNamespace } from './names';
import { natsConfig, natsPaths, natsPorts } from './nats-config';
import type { NatsConnection, NatsLogin } from './nats-connection';
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

/** The volumes of JetStream, one a server. */
export interface JetStreamProps {
  /**
   * Size of each volume, as a Kubernetes quantity.
   *
   * @default '10Gi'
   */
  readonly size?: string;
  /**
   * Class of the volumes.
   *
   * @default - that of the cluster
   */
  readonly storageClass?: string;
  /**
   * JetStream domain, which tells the streams of a leaf node from those of its hub.
   *
   * @default - none
   */
  readonly domain?: string;
}

/** Another NATS that this one joins as a leaf node. */
export interface LeafRemote {
  /** Addresses of its leaf node port, such as `tls://nats.example.com:7422`. */
  readonly urls: readonly string[];
  /**
   * Secret with its credentials file under the key `nats.creds`.
   *
   * @default - none
   */
  readonly credentials?: k8splus.ISecret;
  /**
   * Account of this server that is joined.
   *
   * @default - the default one
   */
  readonly account?: string;
}

/** Properties of {@link Nats}. */
export interface NatsProps extends PartProps {
  /** Image of `nats-server`, with its registry: `registry.example.com/nats:2.11-alpine`. */
  readonly image: string;
  /**
   * Number of servers; several make a cluster. JetStream keeps a majority with an odd number only.
   *
   * @default 3
   */
  readonly replicas?: number;
  /**
   * JetStream, which buckets of `keyvalue-nats` need; false leaves it out, and with it the volumes.
   *
   * @default - on, with volumes of 10Gi
   */
  readonly jetStream?: JetStreamProps | false;
  /**
   * Secret of type `kubernetes.io/tls` with `ca.crt` beside it: with it, clients and leaf nodes must speak TLS and show a certificate of
   * that authority. Its names must cover those of the Service.
   *
   * @default - no TLS
   */
  readonly tls?: k8splus.ISecret;
  /**
   * Secret of the same form for the connections between the servers.
   *
   * @default - no TLS among them
   */
  readonly clusterTls?: k8splus.ISecret;
  /**
   * Secret whose key `accounts.conf` says who may do what, in the format of NATS: `accounts`, `authorization`, or `operator` and
   * `resolver`.
   *
   * @default - everybody who connects may do everything
   */
  readonly accounts?: k8splus.ISecret;
  /**
   * How hosts of this platform log in: a user of `accounts`.
   *
   * @default - not at all
   */
  readonly hostLogin?: NatsLogin;
  /**
   * Whether others may join as leaf nodes.
   *
   * @default false
   */
  readonly leafNodes?: boolean;
  /**
   * What this one joins as a leaf node.
   *
   * @default - none
   */
  readonly leafRemotes?: readonly LeafRemote[];
  /**
   * Largest message, in bytes, at most 67,108,864.
   *
   * @default - that of the server, 1 MiB
   */
  readonly maxPayload?: number;
}

const app = 'nats';

/**
 * NATS for the calls of lattices: a StatefulSet, by default a cluster of three with JetStream on volumes, with Services, a budget for
 * evictions, a policy for the network, probes, and a graceful end. Secrets are named, never contained.
 *
 * @example
 * import { App, Chart } from 'cdk8s';
 * import { Secret } from 'cdk8s-plus-27';
 * import { Nats } from 'kasmcloud';
 *
 * const chart = new Chart(new App(), 'platform', { namespace: 'kasmcloud-system' });
 * new Nats(chart, 'nats', {
 *   image: 'registry.example.com/nats:2.11-alpine',
 *   jetStream: { size: '50Gi' },
 *   tls: Secret.fromSecretName(chart, 'NatsTls', 'nats-tls'),
 *   accounts: Secret.fromSecretName(chart, 'NatsAccounts', 'nats-accounts'),
 *   leafNodes: true,
 * });
 */
export class Nats extends Construct implements NatsConnection {
  readonly replicas: number;
  /** Address inside the cluster: `nats://NAME.NAMESPACE.svc:4222`, or `tls://…`. */
  readonly url: string;
  readonly tls: k8splus.ISecret | undefined;
  readonly credentials: k8splus.ISecret | undefined;
  readonly seed: k8splus.ISecret | undefined;
  readonly basicAuth: k8splus.ISecret | undefined;
  /** The StatefulSet, for what this class has no word for. */
  readonly workload: k8splus.StatefulSet;
  /** The Service that clients connect to. */
  readonly service: k8splus.Service;

  constructor(scope: Construct, id: string, props: NatsProps) {
    super(scope, id);
    const name = partName(this);
    const labels = partLabels(this, app);
    this.replicas = props.replicas ?? 3;
    this.tls = props.tls && byReference('tls', props.tls);
    ({ credentials: this.credentials, seed: this.seed, basicAuth: this.basicAuth } = props.hostLogin ?? {});
    this.url = `${this.tls ? 'tls' : 'nats'}://${name}.${partNamespace(this)}.svc:${natsPorts.client}`;
    this.node.addValidation({ validate: () => this.issues(props) });

    const config = this.config(props);
    const configMap = new kplus.ConfigMap(this, 'Config', {
      metadata: { name, labels },
      data: { 'nats.conf': config },
    });
    const ports = [
      { name: 'nats', number: natsPorts.client },
      { name: 'monitor', number: natsPorts.monitor },
      ...(this.replicas > 1 ? [{ name: 'cluster', number: natsPorts.cluster }] : []),
      ...(props.leafNodes ? [{ name: 'leafnodes', number: natsPorts.leaf }] : []),
    ];
    const headless = new kplus.Service(this, 'Headless', {
      metadata: { name: `${name}-headless`, labels },
      clusterIP: 'None',
      ports: ports.map(({ name: port, number }) => ({ name: port, port: number })),
    });
    // Servers find each other before they are ready, or none ever would be.
    ApiObject.of(headless).addJsonPatch(JsonPatch.add('/spec/publishNotReadyAddresses', true));
    this.workload = this.servers(props, headless, configMap, ports);
    ApiObject.of(this.workload).addJsonPatch(
      // A server does not read a changed file by itself.
      JsonPatch.add('/spec/template/metadata/annotations', {
        'kasmcloud.io/config-hash': createHash('sha256').update(config).digest('hex').slice(0, 16),
      }),
    );
    this.service = new kplus.Service(this, 'Service', {
      metadata: { name, labels },
      selector: this.workload,
      ports: ports
        .filter(({ name: port }) => port !== 'cluster' && port !== 'monitor')
        .map(({ name: port, number }) => ({ name: port, port: number, targetPort: number })),
    });
    headless.select(this.workload);
    disruptionBudget(this, app);
    if (props.networkPolicy !== false)
      networkPolicy(this, app, this.workload, {
        anyone: [natsPorts.client, ...(props.leafNodes ? [natsPorts.leaf] : [])],
        namespace: [natsPorts.monitor],
        peers: this.replicas > 1 ? [natsPorts.cluster] : [],
      });
  }

  private config(props: NatsProps): string {
    const { jetStream = {}, leafRemotes = [] } = props;
    return natsConfig({
      cluster: partName(this),
      name: partName(this),
      namespace: partNamespace(this),
      replicas: this.replicas,
      tls: props.tls !== undefined,
      clusterTls: props.clusterTls !== undefined,
      accounts: props.accounts !== undefined,
      maxPayload: props.maxPayload,
      jetStream: jetStream === false ? undefined : { store: sizeOf(jetStream), domain: jetStream.domain },
      leafNodes:
        props.leafNodes || leafRemotes.length > 0
          ? {
              listen: props.leafNodes ?? false,
              remotes: leafRemotes.map(({ urls, account, credentials }, index) => ({
                urls,
                account,
                credentials: credentials && index,
              })),
            }
          : undefined,
    });
  }

  private servers(
    props: NatsProps,
    service: k8splus.Service,
    configMap: k8splus.ConfigMap,
    ports: readonly k8splus.ContainerPort[],
  ): k8splus.StatefulSet {
    const workload = new kplus.StatefulSet(this, 'StatefulSet', {
      ...podProps(this, app, props, 60),
      service,
      replicas: this.replicas,
      podManagementPolicy: kplus.PodManagementPolicy.PARALLEL,
    });
    const probe = (path: string, failureThreshold: number) =>
      kplus.Probe.fromHttpGet(path, { port: natsPorts.monitor, failureThreshold });
    const container = workload.addContainer({
      ...containerProps(props.resources, { cpu: { request: 100 }, memory: { request: 128, limit: 1024 } }),
      name: app,
      image: props.image,
      command: ['nats-server'],
      args: [`--config=${natsPaths.config}/nats.conf`],
      ports: [...ports],
      envVariables: { POD_NAME: kplus.EnvValue.fromFieldRef(kplus.EnvFieldPaths.POD_NAME) },
      startup: probe('/healthz', 90),
      liveness: probe('/healthz?js-enabled-only=true', 3),
      readiness: probe('/healthz?js-server-only=true', 3),
      lifecycle: {
        // Lame duck: clients move to another server before this one ends.
        preStop: kplus.Handler.fromCommand(['nats-server', `-sl=ldm=${natsPaths.run}/nats.pid`]),
      },
    });
    container.mount(
      natsPaths.config,
      kplus.Volume.fromConfigMap(this, 'ConfigVolume', configMap as k8splus.IConfigMap),
    );
    container.mount(natsPaths.run, kplus.Volume.fromEmptyDir(this, 'RunVolume', 'run'));
    const mountSecret = (property: string, secret: k8splus.ISecret | undefined, path: string) => {
      if (secret === undefined) return;
      byReference(property, secret);
      container.mount(
        path,
        kplus.Volume.fromSecret(this, `${property}Volume`, secret, { name: property.toLowerCase() }),
        {
          readOnly: true,
        },
      );
    };
    mountSecret('tls', props.tls, natsPaths.tls);
    mountSecret('clusterTls', props.clusterTls, natsPaths.clusterTls);
    mountSecret('accounts', props.accounts, natsPaths.accounts);
    props.leafRemotes?.forEach(({ credentials }, index) =>
      mountSecret(`leaf-${index}`, credentials, natsPaths.leaf(index)),
    );
    finish(this, app, workload);
    if (this.replicas > 1) separate(workload);
    const { jetStream = {} } = props;
    if (jetStream !== false)
      claimVolume(this, app, workload, {
        size: sizeOf(jetStream),
        storageClass: jetStream.storageClass,
        mountPath: natsPaths.data,
      });
    return workload;
  }

  private issues({ image, leafRemotes = [], jetStream, maxPayload }: NatsProps): string[] {
    const issues = imageIssues(image);
    if (!Number.isInteger(this.replicas) || this.replicas < 1 || this.replicas > 9)
      issues.push(`replicas must be an integer from 1 to 9, got ${this.replicas}`);
    else if (jetStream !== false && this.replicas % 2 === 0)
      issues.push(
        `replicas must be odd with JetStream, got ${this.replicas}: take ${this.replicas + 1}, or give jetStream: false`,
      );
    if (jetStream) issues.push(...sizeIssues('jetStream.size', jetStream.size));
    if (maxPayload !== undefined && !(maxPayload >= 1024 && maxPayload <= 67_108_864))
      issues.push(`maxPayload must be from 1024 to 67108864 bytes, got ${maxPayload}`);
    leafRemotes.forEach(({ urls }, index) => {
      const wrong = urls.find((url) => !/^(nats|tls|ws|wss):\/\/[^/ ]+/.test(url));
      if (urls.length === 0 || wrong !== undefined)
        issues.push(
          `leafRemotes[${index}].urls must be addresses such as tls://nats.example.com:7422, got ${JSON.stringify(wrong ?? urls)}`,
        );
      else if (urls.some((url) => new URL(url).password !== ''))
        issues.push(
          `leafRemotes[${index}].urls must hold no password, which would stand in the manifest: give credentials, a Secret`,
        );
    });
    return issues;
  }
}

function sizeOf({ size = '10Gi' }: JetStreamProps): string {
  return size;
}
