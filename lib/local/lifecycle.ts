import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { KasmError } from '../base/errors';
import { sleep } from '../base/sleep';
import type { Installation, InstallationState } from './installation';
import { lastLines } from './log-file';
import { isAlive, signalProcess } from '../base/process-identity';
import type { Step } from './progress';
import { endLeftovers } from './supervisor';

/** How a supervisor ends that found another one at work. */
export const supervisedExitCode = 75;

export interface EnsureOptions {
  /** The command line of a supervisor for this installation, and variables for it. */
  readonly command: readonly [file: string, ...args: string[]];
  readonly env: NodeJS.ProcessEnv;
  /** Version that is to run; a supervisor of another version is replaced. */
  readonly version: string;
  readonly step: Pick<Step, 'update'>;
  readonly signal: AbortSignal;
}

const pollMs = 50;
/** Longer than a supervisor gives all of its programs together. */
const stopMs = 60_000;

/**
 * Makes sure that a supervisor runs and has started everything; starts one in the background when there is none.
 * @returns its state, and whether it was started by this call
 * @throws KasmError when it cannot start, with the reason that it gives
 */
export async function ensureRunning(
  installation: Installation,
  options: EnsureOptions,
): Promise<{ state: InstallationState; started: boolean }> {
  let started = false;
  for (;;) {
    options.signal.throwIfAborted();
    const holder = installation.lock.holder();
    if (holder === undefined) {
      started = await launch(installation, options);
      continue;
    }
    const state = installation.readState();
    if (state?.supervisor.pid === holder.pid && state.supervisor.started === holder.started) {
      if (state.version !== options.version && state.phase === 'running') {
        options.step.update(`replacing version ${state.version}`);
        await stop(installation);
        continue;
      }
      if (state.phase === 'running') return { state, started };
      options.step.update(
        state.phase === 'starting' ? waitedFor(state) : `process ${holder.pid} has not stopped yet`,
      );
    }
    await sleep(pollMs, options.signal);
  }
}

/**
 * Stops an installation and whatever a killed supervisor left behind; its data stays.
 * @returns whether there was something to stop
 */
export async function stop(installation: Installation): Promise<boolean> {
  const holder = installation.lock.holder();
  if (holder !== undefined) {
    signalProcess(holder, 'SIGTERM');
    for (const deadline = Date.now() + stopMs; isAlive(holder); await sleep(pollMs)) {
      if (Date.now() > deadline) signalProcess(holder, 'SIGKILL');
    }
  }
  const left = Object.values(installation.readState()?.programs ?? {}).some(
    ({ process }) => process !== undefined && isAlive(process),
  );
  if (left && installation.lock.tryAcquire()) {
    try {
      await endLeftovers(installation);
    } finally {
      installation.lock.release();
    }
  }
  return holder !== undefined || left;
}

/** Stops an installation and deletes all of its data. */
export async function purge(installation: Installation): Promise<void> {
  await stop(installation);
  rmSync(installation.dir, { recursive: true, force: true });
}

/** Starts a supervisor and returns true when it has the lock; false when another was faster. */
async function launch(
  installation: Installation,
  { command, env, step, signal }: EnsureOptions,
): Promise<boolean> {
  const [file, ...args] = command;
  const logFile = path.join(installation.logDir, 'supervisor.log');
  mkdirSync(installation.logDir, { recursive: true, mode: 0o700 });
  const log = openSync(logFile, 'a', 0o600);
  const logStart = statSync(logFile).size;
  // In a session of its own, so that it outlives this terminal.
  const child = spawn(file, args, {
    cwd: installation.dir,
    env: { ...process.env, ...env },
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  let ended: string | undefined;
  child.once('error', (error) => (ended = error.message));
  child.once('exit', (code, killedBy) => (ended = code === null ? `killed by ${killedBy}` : String(code)));
  child.unref();

  const abandon = (): void => void child.kill('SIGTERM');
  signal.addEventListener('abort', abandon, { once: true });
  try {
    for (; ; await sleep(pollMs, signal)) {
      if (ended === String(supervisedExitCode)) return false;
      const state = installation.readState();
      const own = state?.supervisor.pid === child.pid ? state : undefined;
      if (own?.phase === 'failed') throw new KasmError(own.message ?? 'The supervisor failed');
      if (ended !== undefined) {
        const tail = lastLines(logFile, 8, logStart).map((line) => `  ${line}`);
        throw new KasmError(
          [`The supervisor ended (${ended}):`, ...tail].join('\n'),
          `Its log is ${logFile}`,
        );
      }
      if (own?.phase === 'running') return true;
      if (own !== undefined) step.update(waitedFor(own));
    }
  } finally {
    signal.removeEventListener('abort', abandon);
  }
}

/** What a starting supervisor waits for, for people. */
function waitedFor({ programs }: InstallationState): string {
  const starting = Object.entries(programs).filter(([, { state }]) => state !== 'running');
  return starting.map(([name]) => name).join(', ') || "the lattice's kinds";
}
