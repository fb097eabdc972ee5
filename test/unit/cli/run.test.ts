import { type RunOptions, runCommand } from '../../../lib/cli/run';
import { runRoles } from '../../../lib/cli/run-roles';

jest.mock('../../../lib/cli/node-for-hosts', () => ({ otherNodeForHosts: () => Promise.resolve(undefined) }));
jest.mock('../../../lib/cli/run-roles', () => ({ runRoles: jest.fn() }));

async function parse(...args: string[]): Promise<{ roles: string[]; options: RunOptions }> {
  const command = runCommand()
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  await command.parseAsync(args, { from: 'user' });
  const [roles = [], options] = jest.mocked(runRoles).mock.lastCall ?? [];
  return { roles: [...roles], options: options! };
}

const before = { ...process.env };
afterEach(() => {
  process.env = { ...before };
});

it('reads roles, and names those that exist when one does not', async () => {
  expect((await parse('host,reconciler,host')).roles).toEqual(['host', 'reconciler']);
  await expect(parse('hots')).rejects.toThrow('There is no role hots; choose from host, reconciler');
});

it('serves every lattice unless some are named', async () => {
  expect((await parse('host')).options.lattice).toEqual(['*']);
  expect((await parse('host', '-x', 'a', '--lattice', 'b,c')).options.lattice).toEqual(['a', 'b', 'c']);
  process.env['KASMCLOUD_LATTICE'] = 'd,e';
  expect((await parse('host')).options.lattice).toEqual(['d', 'e']);
  expect((await parse('host', '-x', 'f')).options.lattice).toEqual(['f']);
});

it('collects labels and refuses those of the machine', async () => {
  expect((await parse('host', '-l', 'zone=a', '--label', 'tier=b=c')).options.label).toEqual({
    zone: 'a',
    tier: 'b=c',
  });
  await expect(parse('host', '-l', 'zone')).rejects.toThrow('Write key=value');
  await expect(parse('host', '-l', 'HostCore.arch=x')).rejects.toThrow('set by the host itself');
});

it('takes switches from the environment by their value', async () => {
  expect((await parse('host')).options.allowFileLoad).toBe(false);
  expect((await parse('host', '--allow-file-load')).options.allowFileLoad).toBe(true);
  process.env['KASMCLOUD_ALLOW_FILE_LOAD'] = 'false';
  expect((await parse('host')).options.allowFileLoad).toBe(false);
  process.env['KASMCLOUD_ALLOW_FILE_LOAD'] = 'true';
  expect((await parse('host')).options.allowFileLoad).toBe(true);
  expect((await parse('host', '--allow-file-load=false')).options.allowFileLoad).toBe(false);
});

it('takes the time of grace as a duration', async () => {
  expect((await parse('host')).options.drainGrace).toBeUndefined();
  expect((await parse('host', '--drain-grace', '2m')).options.drainGrace).toBe(120_000);
  await expect(parse('host', '--drain-grace', 'long')).rejects.toThrow('A duration is a number');
});

it('refuses a host name that the API server would', async () => {
  await expect(parse('host', '--host-name', 'My Host')).rejects.toThrow('A name has lower-case letters');
  expect((await parse('host', '--host-name', 'edge-1.example')).options.hostName).toBe('edge-1.example');
});
