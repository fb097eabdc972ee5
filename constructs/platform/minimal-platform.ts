import { Chart } from 'cdk8s';
import type { ISecret } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { HostWorkload, type HostWorkloadProps } from './host-workload';
import { K3sApiServer, type K3sApiServerProps } from './k3s-api-server';
import { Nats, type NatsProps } from './nats';
import { byReference } from './pod';
import { namespaceObject } from './system-chart';

/** Properties of {@link MinimalPlatform}. */
export interface MinimalPlatformProps {
  /** Image of the `kasmcloud` program: {@link kasmcloudImage}. */
  readonly image: string;
  /** The API server: its image at least. */
  readonly apiServer: K3sApiServerProps;
  /** NATS: its image at least; one server unless `replicas` says more. */
  readonly nats: NatsProps;
  /**
   * Secret with the kubeconfig of the API server under the key `kubeconfig`; {@link MinimalPlatform.setup} makes it. The host waits for
   * it.
   */
  readonly kubeconfig: ISecret;
  /**
   * How the host is deployed.
   *
   * @default - one pod, which serves all lattices
   */
  readonly host?: Partial<Omit<HostWorkloadProps, 'image' | 'nats' | 'kubeconfig'>>;
  /**
   * Namespace of the pods.
   *
   * @default - the id of the construct
   */
  readonly namespace?: string;
}

/**
 * The least that lattices need: an API server of their own (K3s without an agent), NATS, and a host that is reconciler as well, as pods
 * of some cluster. Lattices are applied to that API server, not to the cluster around it.
 *
 * @example
 * import { App, Chart } from 'cdk8s';
 * import { Secret } from 'cdk8s-plus-27';
 * import { kasmcloudImage, MinimalPlatform } from 'kasmcloud';
 *
 * const app = new App();
 * const names = new Chart(app, 'names', { namespace: 'edge' });
 * const chart = new MinimalPlatform(app, 'edge', {
 *   image: kasmcloudImage('registry.example.com/kasmcloud'),
 *   apiServer: { image: 'registry.example.com/rancher/k3s:v1.33.5-k3s1' },
 *   nats: { image: 'registry.example.com/nats:2.11-alpine' },
 *   kubeconfig: Secret.fromSecretName(names, 'Kubeconfig', 'edge-kubeconfig'),
 * });
 */
export class MinimalPlatform extends Chart {
  readonly apiServer: K3sApiServer;
  readonly nats: Nats;
  readonly host: HostWorkload;
  /** Commands that bring the platform to work once the API server runs: the Secret with its kubeconfig, and the kinds. */
  readonly setup: readonly string[];

  constructor(scope: Construct, id: string, props: MinimalPlatformProps) {
    const namespace = props.namespace ?? id;
    super(scope, id, { namespace });
    const kubeconfig = byReference('kubeconfig', props.kubeconfig);
    namespaceObject(this, 'Namespace', namespace);
    this.apiServer = new K3sApiServer(this, 'api', props.apiServer);
    this.nats = new Nats(this, 'nats', { replicas: 1, ...props.nats });
    this.host = new HostWorkload(this, 'host', {
      replicas: 1,
      lattices: '*',
      ...props.host,
      image: props.image,
      nats: this.nats,
      kubeconfig,
      reconciler: true,
    });
    this.setup = [
      `${this.apiServer.kubeconfigCommand} > kubeconfig`,
      `kubectl -n ${namespace} create secret generic ${kubeconfig.name} --from-file=kubeconfig`,
      `kubectl -n ${namespace} exec -i ${this.apiServer.pods} -- k3s kubectl --kubeconfig /var/lib/rancher/k3s/kubeconfig.yaml apply --server-side -f - < node_modules/kasmcloud/crds/kasmcloud.yaml`,
    ];
  }
}
