import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { main } from '../../../lib/cli/main';

let dataHome: string;
let out = '';
let err = '';
const before = process.env['XDG_DATA_HOME'];

beforeEach(() => {
  dataHome = mkdtempSync(path.join(tmpdir(), 'kasmcloud-main-'));
  process.env['XDG_DATA_HOME'] = dataHome;
  out = err = '';
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => ((out += String(text)), true));
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => ((err += String(text)), true));
});

afterEach(() => {
  jest.restoreAllMocks();
  if (before === undefined) delete process.env['XDG_DATA_HOME'];
  else process.env['XDG_DATA_HOME'] = before;
  rmSync(dataHome, { recursive: true });
});

test('help and version end with 0', async () => {
  expect(await main(['--help'])).toBe(0);
  expect(out).toMatch(/^ {2}up \[options\] \[source\]/m);
  expect(out).toMatch(/^ {2}run \[options\] <roles>/m);
  expect(await main(['--version'])).toBe(0);
});

test.each([
  [['bogus'], /unknown command 'bogus'/],
  [['up', '--bogus'], /unknown option '--bogus'/],
  [['up', '--timeout', 'soon'], /A duration is a number/],
  [['up', '--api-port', '70000'], /A port is 1 to 65535/],
  [['logs', '--tail', '-1'], /Not a number of lines/],
])('%j is not understood: 2', async (args, message) => {
  expect(await main(args)).toBe(2);
  expect(err).toMatch(message);
});

test.each([
  [['up', '/nowhere.yaml'], /^error: There is no \/nowhere\.yaml.*\nName a file/],
  [['up', __filename + 'x', '--name', 'A b'], /^error: --name "A b" is not a name/],
  [['logs'], /^error: Installation default has no logs\nStart it with `kasmcloud up`\n$/],
  [['kubectl', '--', 'get', 'pods'], /^error: Installation default has no kubeconfig yet\n/],
])('%j fails with the reason and the remedy: 1', async (args, message) => {
  expect(await main(args)).toBe(1);
  expect(err).toMatch(message);
  expect(err).not.toMatch(/ at .*\.ts/);
});

test('-v shows where an error comes from', async () => {
  expect(await main(['logs', '-v'])).toBe(1);
  expect(err).toMatch(/logs\.ts/);
});

test('the status of what does not run is no error', async () => {
  expect(await main(['status', '--json'])).toBe(0);
  expect(JSON.parse(out)).toEqual({
    name: 'default',
    phase: 'stopped',
    kubeconfig: path.join(dataHome, 'kasmcloud', 'default', 'kubeconfig'),
    processes: [],
  });
});

test('a result is printed as YAML for who asks for it', async () => {
  expect(await main(['status', '-o', 'yaml'])).toBe(0);
  expect(out).toMatch(/^name: default\nphase: stopped\n/);
});

test('arguments of kubectl need no --', async () => {
  expect(await main(['kubectl', 'get', 'pods', '-A', '-o', 'wide'])).toBe(1);
  expect(err).toMatch(/has no kubeconfig yet/);
});

test('stopping what does not run is no error', async () => {
  expect(await main(['down', '--purge'])).toBe(0);
  expect(out).toBe('Installation default was not running; its data is deleted\n');
});
