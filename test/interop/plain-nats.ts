import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { choosePort } from '../../lib/local/ports';
import { progressTo } from '../../lib/local/progress';
import { tool } from '../../lib/local/tool';

/** A NATS server with JetStream and without certificates: peers of wasmCloud bring none. */
export async function spawnNats(dir: string): Promise<{ url: string; server: ChildProcess }> {
  const port = await choosePort('port of NATS', {});
  const server = spawn(
    await tool('nats-server', { progress: progressTo(process.stderr) }),
    ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', path.join(dir, 'nats')],
    { stdio: 'ignore' },
  );
  return { url: `nats://127.0.0.1:${port}`, server };
}

/** Ends a process, gently at first. */
export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await exit;
  clearTimeout(timer);
}
