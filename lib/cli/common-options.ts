import { type Command, InvalidArgumentError, Option } from 'commander';

/** Options of commands that ask an API server: which one, and how much to say. */
export function clusterOptions(command: Command): Command {
  return command
    .option(
      '--kubeconfig <file>',
      'how to reach the API server (default: the installation’s, else KUBECONFIG)',
    )
    .option('--context <name>', 'context of the kubeconfig')
    .option('--name <name>', 'which installation', 'default')
    .option('-v, --verbose', 'say more');
}

/** `--dry-run` as kubectl has it. */
export function dryRunOption(): Option {
  return new Option('--dry-run [strategy]', 'print what would be done; server: have it checked, too')
    .choices(['none', 'client', 'server'])
    .preset('client')
    .default('none');
}

/** `--timeout` of a command that waits without end unless it is told otherwise. */
export function timeoutOption(): Option {
  return new Option('--timeout <duration>', 'how long to wait, e.g. 90s or 5m; 0s is without end')
    .argParser(durationMs)
    .default(0, '0s');
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds of a duration such as `90s`, `5m` or `1h30m`, as kubectl takes them; a bare number is seconds. */
export function durationMs(text: string): number {
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text))
    throw new InvalidArgumentError('A duration is a number with s, m or h, or several such as 1m30s.');
  const parts = Array.from(text.matchAll(/([\d.]+)([a-z]+)/g));
  return Math.round(
    parts.reduce((sum, [, amount, unit = '']) => sum + Number(amount) * (unitMs[unit] ?? 0), 0),
  );
}
