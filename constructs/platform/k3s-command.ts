import { k3sServerArgs } from '../../lib/api/k3s-server';

/** How a K3s server is started that is an API server and nothing else. */
export interface K3sServerOptions {
  /**
   * Where it keeps its database, keys and certificates.
   *
   * @default '/var/lib/rancher/k3s'
   */
  readonly dataDir?: string;
  /**
   * Port that it serves HTTPS on.
   *
   * @default 6443
   */
  readonly port?: number;
  /**
   * Names and addresses that its certificate is good for, beside those of the machine.
   *
   * @default - none
   */
  readonly tlsSans?: readonly string[];
}

/**
 * The command of a K3s server without agent, scheduler and add-ons: nothing of it needs a kubelet or root. The admin's kubeconfig is in
 * `kubeconfig.yaml` of the data folder. An external database is named by the variable `K3S_DATASTORE_ENDPOINT`, the token for further
 * servers by `K3S_TOKEN`, so that neither is on the command line.
 */
export function k3sServerCommand(options: K3sServerOptions = {}): string[] {
  const { dataDir = '/var/lib/rancher/k3s', port = 6443, tlsSans = [] } = options;
  return [
    'k3s',
    ...k3sServerArgs,
    `--data-dir=${dataDir}`,
    `--https-listen-port=${port}`,
    `--write-kubeconfig=${dataDir}/kubeconfig.yaml`,
    ...tlsSans.map((name) => `--tls-san=${name}`),
  ];
}

/**
 * A systemd unit for a machine of its own, for `/etc/systemd/system/kasmcloud-k3s.service`. Secrets come from the environment file
 * `/etc/kasmcloud/k3s.env` (`K3S_TOKEN`, `K3S_DATASTORE_ENDPOINT`), which only root may read and which may be absent.
 *
 * @param program Path of the k3s binary.
 */
export function k3sSystemdUnit(options: K3sServerOptions = {}, program = '/usr/local/bin/k3s'): string {
  const { dataDir = '/var/lib/rancher/k3s' } = options;
  const [, ...args] = k3sServerCommand({ ...options, dataDir });
  return `[Unit]
Description=Kubernetes API server of KasmCloud (K3s without an agent)
Documentation=https://docs.k3s.io
Wants=network-online.target
After=network-online.target

[Service]
Type=notify
EnvironmentFile=-/etc/kasmcloud/k3s.env
ExecStart=${[program, ...args].map(unitWord).join(' \\\n  ')}
KillMode=process
Delegate=yes
LimitNOFILE=1048576
TimeoutStartSec=0
Restart=always
RestartSec=5s
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
ReadWritePaths=${unitWord(dataDir)}

[Install]
WantedBy=multi-user.target
`;
}

/** A word of a command line as systemd reads it. */
function unitWord(text: string): string {
  const escaped = text.replace(/%/g, '%%').replace(/\$/g, '$$$$');
  return /^[\w@%+=:,./$-]+$/.test(escaped) ? escaped : `"${escaped.replace(/["\\]/g, '\\$&')}"`;
}
