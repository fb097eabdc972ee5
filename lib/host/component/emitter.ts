import { InvalidComponent } from './errors';
import type { StringEncoding } from './syntax';
import type { ValType } from './types';

/** Lines of generated code for one component. What StarlingMonkey imports, all of WASI, takes five thousand. */
const MAX_LINES = 200_000;

/** What the generated code of one function depends on besides its type. */
export interface AbiContext {
  readonly encoding: StringEncoding;
  /** Component instance whose tables and memory it works on. */
  readonly owner: number;
}

/** Statements of one function under construction. */
export class Block {
  private readonly lines: string[] = [];
  private names = 0;

  constructor(private readonly source: Source) {}

  emit(line: string): void {
    this.source.count();
    this.lines.push(line);
  }

  /** A local name that nothing else in the function has. */
  fresh(prefix: string): string {
    return `${prefix}${this.names++}`;
  }

  /** Assigns an expression to a name of its own. */
  constant(expression: string, prefix = 'c'): string {
    const name = this.fresh(prefix);
    this.emit(`const ${name} = ${expression};`);
    return name;
  }

  toString(): string {
    return this.lines.join('\n');
  }
}

/** Generated source: functions for types, made once for each type and context and shared by all that mention it. */
export class Source {
  private readonly declarations: string[] = [];
  private readonly known = new Map<ValType, Map<string, string>>();
  private names = 0;
  private lines = 0;

  /** A function for a type: its name, after `write` has filled its body if it is new. */
  helper(
    purpose: string,
    type: ValType,
    context: AbiContext,
    params: string,
    write: (body: Block) => void,
  ): string {
    const key = `${purpose} ${context.encoding} ${context.owner}`;
    let ofType = this.known.get(type);
    if (ofType === undefined) this.known.set(type, (ofType = new Map<string, string>()));
    let name = ofType.get(key);
    if (name === undefined) {
      name = `${purpose}${this.names++}`;
      ofType.set(key, name);
      const body = this.block();
      write(body);
      this.declare(`function ${name}(${params}) {\n${body.toString()}\n}`);
    }
    return name;
  }

  /** A constant for a type, whatever the context. */
  constant(purpose: string, type: ValType, value: () => string): string {
    let ofType = this.known.get(type);
    if (ofType === undefined) this.known.set(type, (ofType = new Map<string, string>()));
    let name = ofType.get(purpose);
    if (name === undefined) {
      name = `${purpose}${this.names++}`;
      ofType.set(purpose, name);
      this.declare(`const ${name} = ${value()};`);
    }
    return name;
  }

  block(): Block {
    return new Block(this);
  }

  /** Counts a line: payloads of variants within variants are written out case by case, so a small type can ask for very many. */
  count(): void {
    if (++this.lines > MAX_LINES) throw new InvalidComponent('the types of its functions are too complex', 0);
  }

  declare(text: string): void {
    this.declarations.push(text);
  }

  toString(): string {
    return this.declarations.join('\n');
  }
}

/** A string literal of any text. */
export const quote = (text: string): string => JSON.stringify(text);

/** `base + offset`, where the base is a local name. */
export const at = (base: string, offset: number): string => (offset === 0 ? base : `${base} + ${offset}`);

/** An option that is itself an element of an option cannot be `undefined` for none, or some(none) would read as none. */
export function isPlainOption(type: ValType): boolean {
  return type.kind === 'option' && !(type.element.kind === 'option' && isPlainOption(type.element));
}

/** Constructors of the typed arrays that stand for lists of numbers. */
export const arrays: Partial<Record<ValType['kind'], string>> = {
  u8: 'Uint8Array',
  s8: 'Int8Array',
  u16: 'Uint16Array',
  s16: 'Int16Array',
  u32: 'Uint32Array',
  s32: 'Int32Array',
  u64: 'BigUint64Array',
  s64: 'BigInt64Array',
  f32: 'Float32Array',
  f64: 'Float64Array',
};
