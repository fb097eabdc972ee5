import type { EngineRuntime, Prepared } from './engine';
import { JcoRuntime } from './jco';

const runtimes: Readonly<Record<string, EngineRuntime>> = { jco: new JcoRuntime() };

/** The worker's side of the engine that prepared a component. */
export function runtimeOf(prepared: Prepared): EngineRuntime {
  const runtime = runtimes[prepared.engine];
  if (runtime === undefined) throw new Error(`No engine ${prepared.engine} is in this worker`);
  return runtime;
}
