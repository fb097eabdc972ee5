/** What the configuration file of a NATS server says. */
export interface NatsConfig {
  readonly cluster: string;
  readonly replicas: number;
  readonly name: string;
  readonly namespace: string;
  readonly jetStream?: { readonly store: string; readonly domain?: string | undefined } | undefined;
  readonly tls: boolean;
  readonly clusterTls: boolean;
  readonly accounts: boolean;
  readonly leafNodes?:
    { readonly listen: boolean; readonly remotes: readonly LeafRemoteConfig[] } | undefined;
  readonly maxPayload?: number | undefined;
}

export interface LeafRemoteConfig {
  readonly urls: readonly string[];
  readonly account?: string | undefined;
  /** Index of the mounted Secret with its credentials. */
  readonly credentials?: number | undefined;
}

/** Where the configuration and the Secrets that it names are mounted. */
export const natsPaths = {
  config: '/etc/nats-config',
  tls: '/etc/nats-tls',
  clusterTls: '/etc/nats-cluster-tls',
  accounts: '/etc/nats-accounts',
  leaf: (index: number) => `/etc/nats-leaf/${index}`,
  data: '/data',
  run: '/var/run/nats',
} as const;

/** Ports of a NATS server. */
export const natsPorts = { client: 4222, cluster: 6222, leaf: 7422, monitor: 8222 } as const;

/**
 * The file, in the format of NATS. `$POD_NAME` is read from the environment; the addresses of the other servers are those that a
 * headless Service gives them.
 */
export function natsConfig(config: NatsConfig): string {
  const { name, namespace, replicas, jetStream, leafNodes } = config;
  const lines = [
    'server_name: $POD_NAME',
    `port: ${natsPorts.client}`,
    `http_port: ${natsPorts.monitor}`,
    `pid_file: ${quoted(`${natsPaths.run}/nats.pid`)}`,
    'lame_duck_grace_period: 5s',
    'lame_duck_duration: 30s',
    ...(config.maxPayload === undefined ? [] : [`max_payload: ${config.maxPayload}`]),
    ...(config.tls ? ['tls {', ...tlsFiles(natsPaths.tls), '}'] : []),
  ];
  if (jetStream) {
    const domain = jetStream.domain === undefined ? [] : [`  domain: ${quoted(jetStream.domain)}`];
    lines.push(
      'jetstream {',
      `  store_dir: ${quoted(natsPaths.data)}`,
      `  max_file_store: ${jetStream.store}`,
      ...domain,
      '}',
    );
  }
  if (replicas > 1) {
    const route = (at: number) =>
      `nats://${name}-${at}.${name}-headless.${namespace}.svc:${natsPorts.cluster}`;
    lines.push(
      'cluster {',
      `  name: ${quoted(config.cluster)}`,
      `  port: ${natsPorts.cluster}`,
      `  routes: [${Array.from({ length: replicas }, (_, at) => quoted(route(at))).join(', ')}]`,
      '  no_advertise: true',
      ...(config.clusterTls
        ? ['  tls {', ...tlsFiles(natsPaths.clusterTls).map((line) => `  ${line}`), '  }']
        : []),
      '}',
    );
  }
  if (leafNodes) {
    lines.push('leafnodes {');
    if (leafNodes.listen) lines.push(`  port: ${natsPorts.leaf}`);
    if (leafNodes.remotes.length > 0)
      lines.push('  remotes: [', ...leafNodes.remotes.map((remote) => `    ${remoteOf(remote)}`), '  ]');
    if (leafNodes.listen && config.tls)
      lines.push('  tls {', ...tlsFiles(natsPaths.tls).map((line) => `  ${line}`), '  }');
    lines.push('}');
  }
  // Relative to this file, as the server reads it.
  if (config.accounts) lines.push('include ../nats-accounts/accounts.conf');
  return `${lines.join('\n')}\n`;
}

function tlsFiles(dir: string): string[] {
  return [
    `  cert_file: ${quoted(`${dir}/tls.crt`)}`,
    `  key_file: ${quoted(`${dir}/tls.key`)}`,
    `  ca_file: ${quoted(`${dir}/ca.crt`)}`,
    '  verify: true',
  ];
}

function remoteOf({ urls, account, credentials }: LeafRemoteConfig): string {
  const parts = [
    `urls: [${urls.map(quoted).join(', ')}]`,
    ...(account === undefined ? [] : [`account: ${quoted(account)}`]),
    ...(credentials === undefined
      ? []
      : [`credentials: ${quoted(`${natsPaths.leaf(credentials)}/nats.creds`)}`]),
  ];
  return `{ ${parts.join(', ')} }`;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
