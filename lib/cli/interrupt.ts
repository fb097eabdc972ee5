import { Interrupted } from './report-error';

/**
 * A signal that aborts when this process is asked to end, with a message of what that means. A second request ends the process at
 * once, as it does for everything else.
 */
export function onInterrupt(message: string): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(name, () => controller.abort(new Interrupted(message)));
  }
  return controller.signal;
}
