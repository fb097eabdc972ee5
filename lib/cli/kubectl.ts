import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { KasmError } from '../base/errors';
import { Installation } from '../local/installation';
import { progressTo } from '../local/progress';
import { tool } from '../local/tool';
import type { CommonOptions } from './main';

/** `kasmcloud kubectl ARGS`: kubectl as the administrator of the installation; ends as it ends. */
export async function kubectl(args: readonly string[], options: CommonOptions): Promise<void> {
  const { name, kubeconfig } = Installation.named(options.name);
  if (!existsSync(kubeconfig)) {
    throw new KasmError(`Installation ${name} has no kubeconfig yet`, 'Start it with `kasmcloud up`');
  }
  const command = await tool('kubectl', { progress: progressTo(process.stderr) });
  const child = spawn(command, args, { stdio: 'inherit', env: { ...process.env, KUBECONFIG: kubeconfig } });
  const [code] = (await once(child, 'exit')) as [number | null];
  process.exitCode = code ?? 1;
}
