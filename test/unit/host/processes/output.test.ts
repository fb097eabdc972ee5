import { Readable } from 'node:stream';
import { Output } from '../../../../lib/host/processes/output';
import { silentLogger } from '../../../../lib/lattice/logger';

interface Line {
  stream: string;
  line: string;
}

function capture(secrets: readonly string[] = []): { output: Output; lines: Line[] } {
  const lines: Line[] = [];
  const log = { ...silentLogger, info: (fields: object) => void lines.push(fields as Line) };
  return { output: new Output(log, 'ns/p', secrets), lines };
}

it('logs line by line, however the chunks are cut', async () => {
  const { output, lines } = capture();
  await output.follow(Readable.from(['on', 'e\ntwo\r\nthr', 'ee']), 'stdout');
  expect(lines.map(({ line }) => line)).toEqual(['one', 'two', 'three']);
  expect(lines[0]).toEqual({ provider: 'ns/p', stream: 'stdout', line: 'one' });
  expect(output.tail).toBe('one\ntwo\nthree');
});

it('leaves out the secrets that the process was given', async () => {
  const { output, lines } = capture(['SXSEED', 'hunter22']);
  await output.follow(Readable.from(['bad data {"seed":"SXSEED","password":"hunter22"}\n']), 'stderr');
  expect(lines[0]?.line).toBe('bad data {"seed":"[redacted]","password":"[redacted]"}');
  expect(output.tail).not.toContain('hunter22');
});

it('bounds the length of a line, and the lines of a second', async () => {
  const { output, lines } = capture();
  const endless = Array.from({ length: 64 }, () => 'x'.repeat(1 << 16));
  await output.follow(Readable.from([...endless, '\n']), 'stdout');
  expect(lines[0]?.line).toHaveLength(8192);
  await output.follow(Readable.from(Array.from({ length: 10_000 }, (_, n) => `${n}\n`)), 'stdout');
  expect(lines.length).toBeLessThan(2_000);
  expect(output.tail).toContain('9999');
});
