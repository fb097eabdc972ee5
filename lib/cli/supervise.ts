import { Installation } from '../local/installation';
import { supervisedExitCode } from '../local/lifecycle';
import { rolePrograms } from '../local/role-programs';
import { AlreadySupervised, Supervisor } from '../local/supervisor';
import { tool } from '../local/tool';
import { onInterrupt } from './interrupt';
import type { CommonOptions } from './main';
import { buildIdentity, commandFile } from './version';

export interface SuperviseOptions extends CommonOptions {
  readonly apiPort?: number;
  readonly natsPort?: number;
}

/** `kasmcloud supervise`: runs an installation until it is told to stop. */
export async function supervise(options: SuperviseOptions): Promise<void> {
  const signal = onInterrupt('Stopped');
  const node = await tool('node');
  try {
    await Supervisor.run({
      installation: Installation.named(options.name),
      version: buildIdentity(),
      roles: (platform) => rolePrograms(platform, { node, entry: commandFile() }),
      apiPort: options.apiPort,
      natsPort: options.natsPort,
      signal,
    });
  } catch (error) {
    if (!(error instanceof AlreadySupervised)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = supervisedExitCode;
  }
}
