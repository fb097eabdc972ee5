import type { Reader } from './reader';
import type { Canon, CanonOptions, StringEncoding } from './syntax';

/** Built-in functions of the async proposal: known by name, so that the error can say what a component needs. */
const unsupported: Readonly<Record<number, string>> = {
  0x05: 'task.cancel',
  0x06: 'subtask.cancel',
  0x07: 'resource.drop async',
  0x08: 'backpressure.set',
  0x09: 'task.return',
  0x0a: 'context.get',
  0x0b: 'context.set',
  0x0c: 'thread.yield',
  0x0d: 'subtask.drop',
  0x0e: 'stream.new',
  0x0f: 'stream.read',
  0x10: 'stream.write',
  0x11: 'stream.cancel-read',
  0x12: 'stream.cancel-write',
  0x13: 'stream.drop-readable',
  0x14: 'stream.drop-writable',
  0x15: 'future.new',
  0x16: 'future.read',
  0x17: 'future.write',
  0x18: 'future.cancel-read',
  0x19: 'future.cancel-write',
  0x1a: 'future.drop-readable',
  0x1b: 'future.drop-writable',
  0x1c: 'error-context.new',
  0x1d: 'error-context.debug-message',
  0x1e: 'error-context.drop',
  0x1f: 'waitable-set.new',
  0x20: 'waitable-set.wait',
  0x21: 'waitable-set.poll',
  0x22: 'waitable-set.drop',
  0x23: 'waitable.join',
  0x24: 'backpressure.inc',
  0x25: 'backpressure.dec',
};

export function readCanon(reader: Reader): Canon {
  const start = reader.offset;
  const code = reader.byte();
  switch (code) {
    case 0x00: {
      if (reader.byte() !== 0x00) reader.fail('malformed canon lift', start);
      const core = reader.u32();
      const options = readOptions(reader);
      return { kind: 'lift', core, options, type: reader.u32() };
    }
    case 0x01: {
      if (reader.byte() !== 0x00) reader.fail('malformed canon lower', start);
      const func = reader.u32();
      return { kind: 'lower', func, options: readOptions(reader) };
    }
    case 0x02:
      return { kind: 'resource.new', resource: reader.u32() };
    case 0x03:
      return { kind: 'resource.drop', resource: reader.u32() };
    case 0x04:
      return { kind: 'resource.rep', resource: reader.u32() };
    default: {
      const name = unsupported[code] ?? `0x${code.toString(16)}`;
      return reader.fail(`canonical function ${name} is not supported`, start);
    }
  }
}

const encodings: readonly StringEncoding[] = ['utf8', 'utf16', 'latin1+utf16'];

function readOptions(reader: Reader): CanonOptions {
  const options: { -readonly [K in keyof CanonOptions]: CanonOptions[K] } = {
    encoding: 'utf8',
    memory: undefined,
    realloc: undefined,
    postReturn: undefined,
  };
  reader.vector(() => {
    const start = reader.offset;
    const code = reader.byte();
    const encoding = encodings[code];
    if (encoding !== undefined) options.encoding = encoding;
    else if (code === 0x03) options.memory = reader.u32();
    else if (code === 0x04) options.realloc = reader.u32();
    else if (code === 0x05) options.postReturn = reader.u32();
    else if (code === 0x06 || code === 0x07) reader.fail('async functions are not supported', start);
    else reader.fail(`unknown canonical option ${code}`, start);
  });
  return options;
}
