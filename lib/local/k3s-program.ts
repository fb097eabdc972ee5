import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { k3sServerArgs } from '../api/k3s-server';
import { writePrivate, readIfThere } from './files';
import type { ProgramSpec } from './keeper';
import type { ControlPlanePlan } from './kubernetes-programs';
import { loopback } from './ports';
import { apiServerReady } from './probes';

/** The control plane as one K3s server that is an API server and nothing else: no agent, no scheduler, no add-ons. */
export function k3sProgram(
  { dir, logDir, port, pki, apiServerArgs = [] }: ControlPlanePlan,
  command: string,
): ProgramSpec {
  const data = path.join(dir, 'k3s');
  // K3s takes authorities that it finds in place instead of making its own: so our client certificates are good there too.
  const authorities = ['server-ca', 'client-ca', 'request-header-ca', 'etcd/peer-ca', 'etcd/server-ca'];
  for (const name of authorities) {
    writePrivate(path.join(data, 'server', 'tls', `${name}.crt`), pki.ca);
    writePrivate(path.join(data, 'server', 'tls', `${name}.key`), readIfThere(pki.caKeyFile) ?? '');
  }
  mkdirSync(logDir, { recursive: true, mode: 0o700 });
  return {
    name: 'k3s',
    command,
    args: [
      ...k3sServerArgs,
      `--data-dir=${data}`,
      `--bind-address=${loopback}`,
      `--https-listen-port=${port}`,
      `--write-kubeconfig=${path.join(dir, 'k3s.kubeconfig')}`,
      ...apiServerArgs.map((arg) => `--kube-apiserver-arg=${arg.replace(/^--/, '')}`),
    ],
    cwd: dir,
    logFile: path.join(logDir, 'k3s.log'),
    serves: apiServerReady(port, pki.ca, pki.client('kasmcloud:probe', 'system:monitoring')),
  };
}
