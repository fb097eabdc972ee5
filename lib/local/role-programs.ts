import path from 'node:path';
import { reconcilerNodeOptions } from '../api/node-options';
import type { ProgramSpec } from './keeper';
import { loopback } from './ports';
import type { Platform } from './supervisor';

export interface RoleOptions {
  /** Node 24 or newer. */
  readonly node: string;
  /** The `kasmcloud` command, a JavaScript file. */
  readonly entry: string;
}

/** The reconciler and one host, as processes of their own: each may die without the other. */
export function rolePrograms(platform: Platform, options: RoleOptions): ProgramSpec[] {
  return [role(platform, options, 'reconciler'), role(platform, options, 'host')];
}

function role(platform: Platform, options: RoleOptions, name: 'host' | 'reconciler'): ProgramSpec {
  const { installation, controlPlane, nats } = platform;
  const { node, entry } = options;
  const dir = path.join(installation.dir, name);
  const tls = nats.client(name);
  return {
    name,
    command: node,
    args: [
      ...(name === 'reconciler' ? [reconcilerNodeOptions] : []),
      entry,
      'run',
      name,
      `--kubeconfig=${controlPlane.kubeconfig(name)}`,
      `--nats-url=${nats.url}`,
      `--nats-ca=${tls.ca}`,
      `--nats-cert=${tls.cert}`,
      `--nats-key=${tls.key}`,
      ...(name === 'host' ? hostArgs(dir) : []),
    ],
    cwd: installation.dir,
    logFile: path.join(installation.logDir, `${name}.log`),
  };
}

function hostArgs(dir: string): string[] {
  return [
    '--host-name=local',
    `--address=${loopback}`,
    `--data-dir=${dir}`,
    // Whoever may write to this API server owns this machine's files already.
    '--allow-file-load',
  ];
}
