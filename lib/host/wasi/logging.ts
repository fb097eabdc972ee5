import type { HostImports } from '../engine/engine';
import type { Guest, LogLevel } from './guest';

/** wasi:logging. */
export function logging(guest: Guest): HostImports {
  return {
    'wasi:logging/logging': {
      log(level: LogLevel | 'critical', context: string, message: string) {
        guest.context.log(level === 'critical' ? 'error' : level, message, context);
      },
    },
  };
}
