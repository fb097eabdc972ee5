import type * as k8splus from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { kplus } from './kplus';
import type { NatsConnection } from './nats-connection';
import { adminPort, adminProbes, containerProps, type Resources } from './pod';
import { mountAuthority, mountSecret, set, setSecret } from './role';

/** What a wasmCloud 1.9 host is started with. */
export interface WasmCloudHostOptions {
  readonly image: string;
  readonly nats: NatsConnection;
  readonly resources?: Resources;
  readonly ports: readonly number[];
  readonly labels: Readonly<Record<string, string>>;
  readonly lattice: string;
}

/** The container of a host of wasmCloud 1.9, configured by its variables. */
export function wasmCloudContainer(
  part: Construct,
  workload: k8splus.Workload,
  options: WasmCloudHostOptions,
): void {
  const { nats, ports, labels } = options;
  const { startup, liveness, readiness } = adminProbes('/livez');
  const container = workload.addContainer({
    ...containerProps(options.resources, { cpu: { request: 250 }, memory: { request: 256, limit: 2048 } }),
    startup,
    liveness,
    readiness,
    name: 'host',
    image: options.image,
    args: Object.entries(labels).map(([key, value]) => `--label=${key}=${value}`),
    ports: [
      { name: 'admin', number: adminPort },
      ...ports.map((number) => ({ name: `http-${number}`, number })),
    ],
  });
  const [first = ''] = nats.url.split(',');
  const { hostname, port } = URL.canParse(first)
    ? new URL(first.replace(/^\w+:/, 'http:'))
    : { hostname: first, port: '' };
  set(container, 'WASMCLOUD_NATS_HOST', hostname);
  set(container, 'WASMCLOUD_NATS_PORT', port || '4222');
  set(container, 'WASMCLOUD_LATTICE', options.lattice);
  set(container, 'WASMCLOUD_HTTP_ADMIN', `0.0.0.0:${adminPort}`);
  container.mount('/tmp', kplus.Volume.fromEmptyDir(part, 'TmpVolume', 'tmp'));
  if (first.startsWith('tls:')) {
    set(container, 'WASMCLOUD_CTL_TLS', 'true');
    set(container, 'WASMCLOUD_RPC_TLS', 'true');
  }
  if (nats.ca !== undefined) {
    mountAuthority(part, container, nats.ca, '/etc/wasmcloud/nats-tls');
    set(container, 'WASMCLOUD_TLS_CA_PATH', '/etc/wasmcloud/nats-tls');
  }
  if (nats.tls !== undefined) {
    mountSecret(part, container, 'natsTls', nats.tls, '/etc/wasmcloud/nats-tls');
    set(container, 'WASMCLOUD_TLS_CA_PATH', '/etc/wasmcloud/nats-tls');
  }
  if (nats.credentials !== undefined) {
    mountSecret(part, container, 'natsCredentials', nats.credentials, '/etc/wasmcloud/nats');
    set(container, 'WASMCLOUD_NATS_CREDS', '/etc/wasmcloud/nats/nats.creds');
  }
  if (nats.seed !== undefined) {
    setSecret(container, 'WASMCLOUD_NATS_SEED', 'nats.seed', nats.seed, 'seed');
    // It takes a seed together with a JWT only.
    setSecret(container, 'WASMCLOUD_NATS_JWT', 'nats.seed', nats.seed, 'jwt');
  }
}
