import { existsSync } from 'node:fs';
import {
  WasmCloudActorResource,
  WasmCloudDistributionResource,
  WasmCloudHostResource,
  WasmCloudLinkResource,
  WasmCloudProviderResource,
  type KubeObject,
  type ResourceType,
} from '../api';
import { ConnectionError, KubeClient, isApiError, type Table } from '../kube';
import { Installation, type InstallationState } from '../local/installation';
import { ownConnection } from '../local/own-connection';
import { isAlive } from '../base/process-identity';
import type { CommonOptions } from './main';
import { print } from './output';
import { renderTable } from './table';

/** One process of the installation. */
interface ProcessReport {
  readonly name: string;
  readonly pid?: number;
  readonly state: string;
  readonly restarts: number;
  readonly lastExit?: { readonly reason: string; readonly at: string };
  readonly nextStartAt?: string;
}

const kinds: Readonly<Record<string, ResourceType>> = {
  hosts: WasmCloudHostResource,
  actors: WasmCloudActorResource,
  providers: WasmCloudProviderResource,
  links: WasmCloudLinkResource,
  distributions: WasmCloudDistributionResource,
};

/** `kasmcloud status`: what runs, and the lattice's objects as kubectl shows them. */
export async function status(options: CommonOptions): Promise<void> {
  const installation = Installation.named(options.name);
  const supervised = installation.lock.holder() !== undefined;
  const state = installation.readState();
  const processes = state ? processReports(state, supervised) : [];
  const running = processes.length > 0;
  const phase = supervised ? (state?.phase ?? 'starting') : running ? 'unsupervised' : 'stopped';
  const lattice = running ? await readLattice(installation, options) : undefined;

  const { name, kubeconfig } = installation;
  const natsUrl = state?.ports.nats === undefined ? undefined : `tls://127.0.0.1:${state.ports.nats}`;
  print(
    options,
    { name, phase, kubeconfig, natsUrl, processes, ...lattice?.objects, unreachable: lattice?.unreachable },
    [
      `Installation ${name} is ${phase}\n`,
      ...(phase === 'unsupervised'
        ? ['Its supervisor was killed; `kasmcloud up` goes on with its data\n']
        : []),
      ...(running ? [`Kubeconfig: ${kubeconfig}\n`, `NATS: ${natsUrl ?? ''}\n`] : []),
      ...(processes.length > 0 ? [`\n${processTable(processes)}`] : []),
      ...(lattice?.tables ?? []),
      ...(lattice?.unreachable ? [`\nThe API server does not answer: ${lattice.unreachable}\n`] : []),
    ].join(''),
  );
}

/** All processes while they are supervised; of what a killed supervisor left, those that still run. */
function processReports({ supervisor, programs }: InstallationState, supervised: boolean): ProcessReport[] {
  const reports = Object.entries(programs)
    .filter(([, { process }]) => supervised || (process !== undefined && isAlive(process)))
    .map(([name, { process, ...rest }]) => ({ name, ...(process && { pid: process.pid }), ...rest }));
  return supervised
    ? [{ name: 'supervisor', pid: supervisor.pid, state: 'running', restarts: 0 }, ...reports]
    : reports;
}

function processTable(processes: readonly ProcessReport[]): string {
  const rows = processes.map(({ name, pid, state, restarts, lastExit }) => [
    name,
    pid === undefined ? '' : String(pid),
    state,
    String(restarts),
    lastExit ? `${lastExit.reason} at ${lastExit.at}` : '',
  ]);
  return renderTable(['PROCESS', 'PID', 'STATE', 'RESTARTS', 'LAST EXIT'], rows);
}

interface LatticeReport {
  readonly objects?: Record<string, KubeObject[]>;
  readonly tables?: string[];
  /** Why there is nothing to report. */
  readonly unreachable?: string;
}

async function readLattice(installation: Installation, options: CommonOptions): Promise<LatticeReport> {
  if (!existsSync(installation.kubeconfig)) return { unreachable: 'it is not there yet' };
  try {
    const connection = ownConnection(installation.kubeconfig);
    const client = new KubeClient(connection);
    try {
      const entries = Object.entries(kinds);
      if (options.output === 'json' || options.output === 'yaml') {
        const lists = await Promise.all(entries.map(([, type]) => client.list<KubeObject>(type)));
        return { objects: Object.fromEntries(entries.map(([key], at) => [key, lists[at]?.items ?? []])) };
      }
      const tables = await Promise.all(entries.map(([, type]) => client.table(type)));
      return {
        tables: entries.flatMap(([, type], at) => objectTable(type, tables[at], options.output === 'wide')),
      };
    } finally {
      connection.close();
    }
  } catch (error) {
    // Also while it starts: not yet there, not yet ready, or without the kinds.
    if (error instanceof ConnectionError || isApiError(error, 404) || isApiError(error, 403)) {
      return { unreachable: error.message };
    }
    throw error;
  }
}

function objectTable(type: ResourceType, table: Table | undefined, wide: boolean): string[] {
  if (table === undefined || table.rows.length === 0) return [];
  const columns = table.columnDefinitions
    .map(({ name, priority }, at) => ({ name: name.toUpperCase(), priority, at }))
    .filter(({ priority }) => wide || priority === 0);
  const rows = table.rows.map(({ cells, object }) => [
    ...(type.namespaced ? [object.metadata.namespace ?? ''] : []),
    ...columns.map(({ at }) => cellText(cells[at])),
  ]);
  const headers = [...(type.namespaced ? ['NAMESPACE'] : []), ...columns.map(({ name }) => name)];
  return [`\n${type.plural}\n${renderTable(headers, rows)}`];
}

function cellText(cell: unknown): string {
  return cell === null || cell === undefined ? '' : typeof cell === 'string' ? cell : JSON.stringify(cell);
}
