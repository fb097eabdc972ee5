import pino from 'pino';

/** A logger: a constant message with key-value pairs, `log.info({ actor: 'ns/a' }, 'Bound actor')`. */
export type Logger = pino.Logger;

/** Keys whose values never reach a log, at any of the depths that the runtime logs objects with. */
const secretKeys = ['password', 'token', 'seed', 'jwt', 'auth', 'authorization', 'key'];

/**
 * The root logger: JSON lines on standard error, level from `KASMCLOUD_LOG_LEVEL` (default `info`; `silent` under jest).
 */
export const log: Logger = pino(
  {
    level:
      process.env['KASMCLOUD_LOG_LEVEL'] ?? (process.env['JEST_WORKER_ID'] === undefined ? 'info' : 'silent'),
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: secretKeys.flatMap((key) => [key, `*.${key}`]), censor: '[redacted]' },
  },
  pino.destination({ fd: 2, sync: true }),
);
