import { readCanon } from './binary-canon';
import { readAlias, readCoreType, readExtern, readExternName, readSortIndex, readType } from './binary-types';
import { InvalidComponent } from './errors';
import { Reader } from './reader';
import type { ComponentSyntax, CoreInstanceSyntax, CoreSort, Definition, InstanceSyntax } from './syntax';

/** `\0asm`, then version 13 of layer 1: what every WASI 0.2 tool writes. */
const COMPONENT_PREAMBLE = [0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00];
const MODULE_PREAMBLE = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
/** Components within components; what wit-component writes needs two levels. */
const MAX_DEPTH = 16;
const MAX_DEFINITIONS = 200_000;

/**
 * Parses the binary format of a component.
 * @throws InvalidComponent for anything malformed, and for what the host does not run: async functions, values, start functions.
 */
export function parseComponent(bytes: Uint8Array): ComponentSyntax {
  return readComponent(new Reader(bytes), { definitions: 0 }, 0);
}

interface Budget {
  definitions: number;
}

function readComponent(reader: Reader, budget: Budget, depth: number): ComponentSyntax {
  if (depth > MAX_DEPTH) reader.fail(`components are nested more than ${MAX_DEPTH} deep`);
  readPreamble(reader);
  const definitions: Definition[] = [];
  while (!reader.done) {
    const id = reader.byte();
    const section = reader.range(reader.u32());
    for (const definition of readSection(id, section, budget, depth)) {
      definitions.push(definition);
      if (++budget.definitions > MAX_DEFINITIONS) section.fail(`more than ${MAX_DEFINITIONS} definitions`);
    }
    if (!section.done) section.fail('section is longer than its content');
  }
  return { definitions };
}

function readPreamble(reader: Reader): void {
  const start = reader.offset;
  const preamble = COMPONENT_PREAMBLE.map(() => reader.byte());
  const is = (expected: number[]) => expected.every((byte, index) => byte === preamble[index]);
  if (is(MODULE_PREAMBLE)) {
    reader.fail('this is a core module, not a component (`wasm-tools component new` makes one of it)', start);
  }
  if (!is(COMPONENT_PREAMBLE)) reader.fail('this is not a WebAssembly component of version 0x0d', start);
}

function readSection(id: number, section: Reader, budget: Budget, depth: number): Definition[] {
  const each = <T extends object>(read: () => T) =>
    section.vector(() => ({ offset: section.offset, ...read() }));
  const offset = section.offset;
  switch (id) {
    case 0:
      section.offset = section.end;
      return [];
    case 1:
      section.offset = section.end;
      return [{ kind: 'core module', offset, end: section.end }];
    case 2:
      return each(() => ({ kind: 'core instance', instance: readCoreInstance(section) }));
    case 3:
      return each(() => {
        readCoreType(section, 0);
        return { kind: 'core type' };
      });
    case 4:
      return [{ kind: 'component', offset, component: readComponent(section, budget, depth + 1) }];
    case 5:
      return each(() => ({ kind: 'instance', instance: readInstance(section) }));
    case 6:
      return each(() => ({ kind: 'alias', alias: readAlias(section) }));
    case 7:
      return each(() => ({ kind: 'type', type: readType(section, 0) }));
    case 8:
      return each(() => ({ kind: 'canon', canon: readCanon(section) }));
    case 10:
      return each(() => ({ kind: 'import', name: readExternName(section), extern: readExtern(section) }));
    case 11:
      return each(() => {
        const name = readExternName(section);
        const value = readSortIndex(section);
        // A declared type only hides detail from whoever imports the export; the value is what it is.
        section.optional(() => readExtern(section));
        return { kind: 'export', name, value };
      });
    case 9:
      throw new InvalidComponent('start functions are not supported', offset);
    case 12:
      throw new InvalidComponent('values are not supported', offset);
    default:
      throw new InvalidComponent(`unknown section ${id}`, offset);
  }
}

const coreSorts: Readonly<Record<number, CoreSort>> = {
  0x00: 'func',
  0x01: 'table',
  0x02: 'memory',
  0x03: 'global',
  0x04: 'tag',
};

function readCoreInstance(reader: Reader): CoreInstanceSyntax {
  const form = reader.byte();
  if (form === 0x00) {
    const module = reader.u32();
    const args = reader.vector(() => {
      const name = reader.name();
      if (reader.byte() !== 0x12) reader.fail('argument is not an instance', reader.offset - 1);
      return { name, value: reader.u32() };
    });
    return { kind: 'instantiate', module, args };
  }
  if (form !== 0x01) reader.fail(`unknown form ${form} of a core instance`, reader.offset - 1);
  const exports = reader.vector(() => {
    const name = reader.name();
    const code = reader.byte();
    const sort = coreSorts[code] ?? reader.fail(`unknown core sort ${code}`, reader.offset - 1);
    return { name, value: { sort: `core ${sort}` as const, index: reader.u32() } };
  });
  return { kind: 'exports', exports };
}

function readInstance(reader: Reader): InstanceSyntax {
  const form = reader.byte();
  if (form === 0x00) {
    const component = reader.u32();
    const args = reader.vector(() => ({ name: reader.name(), value: readSortIndex(reader) }));
    return { kind: 'instantiate', component, args };
  }
  if (form !== 0x01) reader.fail(`unknown form ${form} of an instance`, reader.offset - 1);
  const exports = reader.vector(() => ({ name: readExternName(reader), value: readSortIndex(reader) }));
  return { kind: 'exports', exports };
}
