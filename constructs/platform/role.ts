import type * as k8splus from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { kplus } from './kplus';
import { partLabels, partName } from './names';
import type { NatsConnection } from './nats-connection';
import { adminPort, byReference } from './pod';

/** How a role of the `kasmcloud` program reaches the API server. */
export interface ControlPlaneProps {
  /**
   * Secret with a kubeconfig under the key `kubeconfig`, for a control plane other than the cluster that the pods run in.
   *
   * @default - the cluster that the pods run in, with a ServiceAccount of their own
   */
  readonly kubeconfig?: k8splus.ISecret;
}

const mounts = {
  kubeconfig: '/etc/kasmcloud/kube',
  tls: '/etc/kasmcloud/nats-tls',
  creds: '/etc/kasmcloud/nats',
};

/** A ServiceAccount whose token the pods get. */
export function serviceAccount(part: Construct, app: string): k8splus.IServiceAccount {
  return new kplus.ServiceAccount(part, 'ServiceAccount', {
    metadata: { name: partName(part), labels: partLabels(part, app) },
    automountToken: true,
  }) as k8splus.IServiceAccount;
}

/** Tells a role where the API server is, and where it serves probes. */
export function connectToControlPlane(
  part: Construct,
  container: k8splus.Container,
  { kubeconfig }: ControlPlaneProps,
): void {
  set(container, 'KASMCLOUD_ADMIN_ADDRESS', `0.0.0.0:${adminPort}`);
  container.mount('/tmp', kplus.Volume.fromEmptyDir(part, 'TmpVolume', 'tmp'));
  if (kubeconfig === undefined) return;
  mountSecret(part, container, 'kubeconfig', kubeconfig, mounts.kubeconfig);
  set(container, 'KASMCLOUD_KUBECONFIG', `${mounts.kubeconfig}/kubeconfig`);
}

/** Tells a host where NATS is. */
export function connectToNats(part: Construct, container: k8splus.Container, nats: NatsConnection): void {
  set(container, 'KASMCLOUD_NATS_URL', nats.url);
  if (nats.ca !== undefined) {
    mountAuthority(part, container, nats.ca, mounts.tls);
    set(container, 'KASMCLOUD_NATS_CA', `${mounts.tls}/ca.crt`);
  }
  if (nats.tls !== undefined) {
    mountSecret(part, container, 'natsTls', nats.tls, mounts.tls);
    set(container, 'KASMCLOUD_NATS_CA', `${mounts.tls}/ca.crt`);
    set(container, 'KASMCLOUD_NATS_CERT', `${mounts.tls}/tls.crt`);
    set(container, 'KASMCLOUD_NATS_KEY', `${mounts.tls}/tls.key`);
  }
  if (nats.credentials !== undefined) {
    mountSecret(part, container, 'natsCredentials', nats.credentials, mounts.creds);
    set(container, 'KASMCLOUD_NATS_CREDS', `${mounts.creds}/nats.creds`);
  }
  if (nats.seed !== undefined) {
    setSecret(container, 'KASMCLOUD_NATS_SEED', 'nats.seed', nats.seed, 'seed');
    // A server that knows its users by their keys wants none.
    setSecret(container, 'KASMCLOUD_NATS_JWT', 'nats.seed', nats.seed, 'jwt', { optional: true });
  }
  if (nats.basicAuth !== undefined) {
    setSecret(container, 'KASMCLOUD_NATS_USER', 'nats.basicAuth', nats.basicAuth, 'username');
    setSecret(container, 'KASMCLOUD_NATS_PASSWORD', 'nats.basicAuth', nats.basicAuth, 'password');
  }
}

/** Sets a variable of the environment. */
export function set(container: k8splus.Container, variable: string, value: string): void {
  container.env.addVariable(variable, kplus.EnvValue.fromValue(value));
}

/** Sets a variable of the environment to what a Secret holds under a key; the manifest names both. */
export function setSecret(
  container: k8splus.Container,
  variable: string,
  property: string,
  secret: k8splus.ISecret,
  key: string,
  options: k8splus.EnvValueFromSecretOptions = {},
): void {
  const value = { secret: byReference(property, secret), key };
  container.env.addVariable(variable, kplus.EnvValue.fromSecretValue(value, options));
}

/** Mounts an authority, which is public: it may be in a ConfigMap. */
export function mountAuthority(
  part: Construct,
  container: k8splus.Container,
  authority: k8splus.ISecret | k8splus.IConfigMap,
  path: string,
): void {
  if (authority.kind !== 'ConfigMap')
    return mountSecret(part, container, 'natsCa', authority as k8splus.ISecret, path);
  const volume = kplus.Volume.fromConfigMap(part, 'natsCaVolume', authority, {
    name: 'nats-ca',
  });
  container.mount(path, volume, { readOnly: true });
}

/** Mounts a Secret, which only its name reaches the manifest of. */
export function mountSecret(
  part: Construct,
  container: k8splus.Container,
  property: string,
  secret: k8splus.ISecret,
  path: string,
): void {
  const name = property.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const volume = kplus.Volume.fromSecret(part, `${property}Volume`, byReference(property, secret), { name });
  container.mount(path, volume, { readOnly: true });
}
