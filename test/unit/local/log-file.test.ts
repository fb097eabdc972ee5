import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { boundLog, lastLines } from '../../../lib/local/log-file';

let dir: string;
let file: string;

beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'kasmcloud-log-'));
  file = path.join(dir, 'a.log');
});

afterEach(() => rmSync(dir, { recursive: true }));

test('a log past its bound is set aside, and its writer goes on in the emptied file', () => {
  const writer = openSync(file, 'a');
  writeSync(writer, 'old\n'.repeat(10));
  boundLog(file, 100);
  expect(existsSync(`${file}.1`)).toBe(false);
  boundLog(file, 10);
  writeSync(writer, 'new\n');
  expect(readFileSync(file, 'utf8')).toBe('new\n');
  expect(readFileSync(`${file}.1`, 'utf8')).toBe('old\n'.repeat(10));
});

test('the last lines, of files of any size', () => {
  expect(lastLines(file, 3)).toEqual([]);
  writeFileSync(file, 'only');
  expect(lastLines(file, 3)).toEqual(['only']);
  const long = Array.from({ length: 20_000 }, (_, i) => `line ${i}`);
  writeFileSync(file, `${long.join('\n')}\n`);
  expect(lastLines(file, 3)).toEqual(long.slice(-3));
  expect(lastLines(file, 15_000)).toEqual(long.slice(-15_000));
  const size = readFileSync(file).length;
  appendFileSync(file, 'after\n');
  expect(lastLines(file, 3, size)).toEqual(['after']);
});
