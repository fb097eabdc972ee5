import { shown } from '../api/schema';
import { suggest } from '../api/suggest';
import { type FieldPath, pathText, type Report } from './problem';

/** What all fields of one document share. */
export interface FieldSource {
  readonly file: string;
  readonly report: Report;
  /** The line on which a field stands. */
  lineOf(path: FieldPath): number | undefined;
}

/**
 * A value in a manifest that knows where it stands. Reading it as something that it is not reports an error and gives undefined, so
 * that one pass finds everything that is wrong.
 */
export class Field {
  constructor(
    readonly value: unknown,
    readonly path: FieldPath,
    private readonly source: FieldSource,
  ) {}

  get file(): string {
    return this.source.file;
  }

  /** YAML's empty value counts as absent, as it does for wadm. */
  get absent(): boolean {
    return this.value === undefined || this.value === null;
  }

  error(message: string): void {
    this.tell('error', message);
  }

  warn(message: string): void {
    this.tell('warning', message);
  }

  at(key: string): Field {
    const child = isMap(this.value) && Object.hasOwn(this.value, key) ? this.value[key] : undefined;
    return new Field(child, [...this.path, key], this.source);
  }

  /** A text that must be there. */
  text(): string | undefined {
    if (this.absent) return this.missing();
    return this.optionalText();
  }

  /** A text, or undefined where there is none. */
  optionalText(): string | undefined {
    if (this.absent) return undefined;
    if (typeof this.value === 'string') return this.value;
    return this.wrong('a text', typeof this.value === 'object' ? '' : ': put it in quotes');
  }

  /** A whole number from 0. */
  count(): number | undefined {
    if (this.absent) return undefined;
    if (typeof this.value === 'number' && Number.isInteger(this.value) && this.value >= 0) return this.value;
    return this.wrong('a whole number from 0', '');
  }

  /** The items of a list; none where it is absent. */
  items(): Field[] {
    if (this.absent) return [];
    if (Array.isArray(this.value))
      return this.value.map((item, index) => new Field(item, [...this.path, index], this.source));
    this.wrong('a list', '');
    return [];
  }

  /** Keys with texts as values; none where it is absent. */
  texts(): Record<string, string> {
    const texts: Record<string, string> = {};
    for (const [key, field] of this.entries()) {
      const text = field.absent ? field.wrong('a text', ': "" is an empty one') : field.optionalText();
      if (text !== undefined) texts[key] = text;
    }
    return texts;
  }

  /** Whether this is a map; an error is reported where it is there but something else. */
  isMap(): boolean {
    if (isMap(this.value)) return true;
    if (this.absent) this.missing();
    else this.wrong('a map of keys and values', '');
    return false;
  }

  /** Reports each key that is not one of these, as wadm treats it: it refuses some maps with such a key, and ignores it in others. */
  only(known: readonly string[], unknown: 'refused' | 'ignored'): void {
    for (const [key, field] of this.entries()) {
      if (known.includes(key)) continue;
      const remedy = suggest(key, known);
      if (unknown === 'refused') field.error(`is not known: ${remedy}`);
      else field.warn(`is not known, and ignored: ${remedy}`);
    }
  }

  private entries(): [string, Field][] {
    if (this.absent) return [];
    if (isMap(this.value)) return Object.keys(this.value).map((key) => [key, this.at(key)]);
    this.wrong('a map of keys and values', '');
    return [];
  }

  private missing(): undefined {
    this.error('is missing: give it');
  }

  private wrong(wanted: string, remedy: string): undefined {
    this.error(`must be ${wanted}, got ${shown(this.value)}${remedy}`);
  }

  private tell(level: 'error' | 'warning', message: string): void {
    const { file, report } = this.source;
    report({ level, file, line: this.source.lineOf(this.path), path: pathText(this.path), message });
  }
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
