import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { identify, isAlive, signalGroup, signalProcess } from '../../../lib/base/process-identity';

test('a process is itself for as long as it lives', async () => {
  const child = spawn('sleep', ['60']);
  const identity = identify(child.pid ?? 0);
  expect(identity).toEqual(identify(child.pid ?? 0));
  expect(identity && isAlive(identity)).toBe(true);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(identity && isAlive(identity)).toBe(false);
  expect(identify(child.pid ?? 0)).toBeUndefined();
});

test('a later process with the same number is another one, and is not signalled', async () => {
  const child = spawn('sleep', ['60']);
  const earlier = { pid: child.pid ?? 0, started: 'earlier' };
  expect(isAlive(earlier)).toBe(false);
  expect(signalProcess(earlier, 'SIGKILL')).toBe(false);
  expect(child.exitCode).toBeNull();
  child.kill('SIGKILL');
  await once(child, 'exit');
});

test('a signal to the group reaches what the leader started', async () => {
  const leader = spawn('sh', ['-c', 'sleep 60 & echo $!; wait'], { detached: true });
  const [line] = (await once(leader.stdout, 'data')) as [Buffer];
  const grandchild = identify(Number(line.toString()));
  expect(grandchild).toBeDefined();
  expect(signalGroup(leader.pid ?? 0, 'SIGKILL')).toBe(true);
  await once(leader, 'exit');
  while (grandchild && isAlive(grandchild)) await new Promise((resolve) => setTimeout(resolve, 5));
});
