import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { progressTo } from '../local/progress';
import { tool, toolVersion } from '../local/tool';
import { toolSpecs } from '../local/tool-specs';

/** Another Node that hosts run on, when that of this process is too old for them; it is installed first where there is none. */
export async function otherNodeForHosts(): Promise<string | undefined> {
  if (suits(process.versions.node)) return undefined;
  const node = await tool('node', { progress: progressTo(process.stderr) });
  // Whatever a variable names is taken; the host refuses what is too old with its own words.
  return suits(await toolVersion('node', node)) ? node : undefined;
}

/** Runs this very command line on another Node, and ends as that ends. */
export async function runOn(node: string): Promise<void> {
  // In a session of its own a signal reaches it once, from here, whether a terminal sent it or a service manager.
  const child = spawn(node, [...process.execArgv, ...process.argv.slice(1)], {
    stdio: 'inherit',
    detached: true,
  });
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => child.kill(name));
  process.exitCode = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? 'SIGKILL']));
  });
}

function suits(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return toolSpecs.node.suits([major, minor]);
}
