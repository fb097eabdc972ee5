import { Installation } from '../../../lib/local/installation';
import { supervisedExitCode } from '../../../lib/local/lifecycle';
import type { ProgramSpec } from '../../../lib/local/keeper';
import { AlreadySupervised, Supervisor } from '../../../lib/local/supervisor';

// A supervisor as `kasmcloud supervise` is one, but for its roles, which only wait. Run as a process of its own:
//   node supervise.cjs NAME DIR [API-PORT]
async function main([name = '', dir = '', apiPort]: string[]): Promise<void> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort());
  const installation = new Installation(name, dir);
  const role = (role: string): ProgramSpec => ({
    name: role,
    command: process.execPath,
    args: ['-e', 'setInterval(() => undefined, 1000)', dir],
    cwd: dir,
    logFile: `${installation.logDir}/${role}.log`,
  });
  await Supervisor.run({
    installation,
    version: 'test',
    roles: () => [role('reconciler'), role('host')],
    signal: stop.signal,
    ...(apiPort !== undefined && { apiPort: Number(apiPort) }),
  });
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exitCode = error instanceof AlreadySupervised ? supervisedExitCode : 1;
});
