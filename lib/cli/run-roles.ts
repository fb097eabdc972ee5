import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { KasmError } from '../base/errors';
import { log } from '../base/log';
import { labelsFromEnvironment } from '../host/agent-labels';
import { runHost } from '../host/main';
import { type Connection, loadConnection } from '../kube';
import { FileLock } from '../local/file-lock';
import { packageRoot } from '../local/package-root';
import { runReconciler } from '../reconciler/main';
import { AdminServer, type RoleHealth } from './admin-server';
import { onInterrupt } from './interrupt';
import { natsOptions } from './nats-options';
import { defaultDataDir, type RoleName, type RunOptions } from './run';
import type * as StartTracing from './start-tracing';
import { isTracingAsked } from './tracing-asked';
import { packageVersion } from './version';

/** One role, running until the signal aborts; rejects when it cannot go on. */
type Role = (context: RoleContext) => Promise<void>;

interface RoleContext {
  readonly options: RunOptions;
  readonly connection: Connection;
  readonly signal: AbortSignal;
  readonly onHealth: (health: RoleHealth) => void;
}

const roles: Readonly<Record<RoleName, Role>> = {
  host: runHostRole,
  reconciler: ({ connection, signal, onHealth }) =>
    // A restarted one is another one: two that share a name would both lead.
    runReconciler({ connection, identity: `${hostname()}_${randomUUID()}`, signal, onHealth }),
};

/** How much the memory of a process without guests grows, in percent of what it needs, before garbage is looked for; by itself V8 lets it grow fourfold. */
const heapGrowth = 25;

/** Runs roles in this process until it is interrupted. When one fails the others end, too, and its failure is thrown. */
export async function runRoles(names: readonly RoleName[], options: RunOptions): Promise<void> {
  if (options.logLevel !== undefined) log.level = options.logLevel;
  if (!names.includes('host')) setFlagsFromString(`--heap-growing-percent=${heapGrowth}`);
  const interrupted = onInterrupt('Stopped');
  const failed = new AbortController();
  const signal = AbortSignal.any([interrupted, failed.signal]);
  const health = new Map<string, RoleHealth>();
  const connection = await loadConnection({ kubeconfig: options.kubeconfig, context: options.context });
  const admin =
    options.adminAddress === undefined ? undefined : await AdminServer.start(options.adminAddress, health);
  const stopTracing = isTracingAsked() ? traceAs(`kasmcloud-${names.join('-')}`) : undefined;
  log.info({ roles: names, server: connection.server.href, version: packageVersion() }, 'Starting');
  await Promise.all(
    names.map(async (name) => {
      try {
        const onHealth = (its: RoleHealth): void => void health.set(name, its);
        await roles[name]({ options, connection, signal, onHealth });
      } catch (error) {
        failed.abort(error);
      }
    }),
  );
  await admin?.stop();
  connection.close();
  await stopTracing?.();
  failed.signal.throwIfAborted();
  log.info({ roles: names }, 'Stopped');
}

/** The libraries for it are loaded by those who ask for it only. */
function traceAs(service: string): StartTracing.StopTracing {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { startTracing } = require('./start-tracing') as typeof StartTracing;
  return startTracing(service, packageVersion());
}

async function runHostRole({ options, connection, signal, onHealth }: RoleContext): Promise<void> {
  const dataDir = options.dataDir ?? defaultDataDir(options.hostName);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const lock = new FileLock(path.join(dataDir, 'lock'));
  if (!lock.tryAcquire())
    throw new KasmError(
      `Data folder ${dataDir} is used by another host, process ${lock.holder()?.pid}`,
      'Stop that one, or give this one another --host-name or --data-dir',
    );
  try {
    await runHost({
      connection,
      signal,
      onHealth,
      nats: natsOptions(options),
      name: options.hostName,
      lattices: options.lattice,
      labels: { ...labelsFromEnvironment(process.env), ...options.label },
      dataDir,
      allowFileLoad: options.allowFileLoad,
      insecureRegistries: options.allowedInsecure,
      registryCa: options.ociCa,
      version: packageVersion(),
      nodeName: options.nodeName,
      addresses: options.address,
      endGraceMs: options.drainGrace,
      workerScript: path.join(packageRoot(), 'dist', 'host-worker.cjs'),
    });
  } finally {
    lock.release();
  }
}
