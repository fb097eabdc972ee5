/** TypeScript that stands in a literal as it is. */
export class Expression {
  constructor(readonly code: string) {}
}

const width = 100;

/** A value as TypeScript source: on one line where it is short, else a line an entry. */
export function literal(value: unknown, indent = ''): string {
  if (value instanceof Expression) return value.code;
  if (typeof value === 'string') return quoted(value);
  if (typeof value !== 'object' || value === null) return String(value);
  const inner = `${indent}  `;
  const [open, close, entries] = Array.isArray(value)
    ? ['[', ']', value.map((item) => literal(item, inner))]
    : [
        '{',
        '}',
        Object.entries(value)
          .filter(([, item]) => item !== undefined)
          .map(([key, item]) => property(key, item, inner)),
      ];
  if (entries.length === 0) return `${open}${close}`;
  const pad = Array.isArray(value) ? '' : ' ';
  const line = `${open}${pad}${entries.join(', ')}${pad}${close}`;
  if (indent.length + line.length <= width && !line.includes('\n')) return line;
  return `${open}\n${entries.map((entry) => `${inner}${entry},\n`).join('')}${indent}${close}`;
}

function property(key: string, value: unknown, indent: string): string {
  // `__proto__: …` would set the prototype, in quotes as well.
  const name = key === '__proto__' ? `['__proto__']` : /^[A-Za-z_$][\w$]*$/.test(key) ? key : quoted(key);
  const text = literal(value, indent);
  return value instanceof Expression && text === name ? name : `${name}: ${text}`;
}

/** A text in single quotes. */
export function quoted(text: string): string {
  const inner = JSON.stringify(text).slice(1, -1).replace(/\\"/g, '"').replace(/'/g, "\\'");
  // Line separators are fine in JSON, and confuse people in source.
  return `'${inner.replace(/\u2028/g, '\\u2028').replace(/\u2029/g, '\\u2029')}'`;
}

const reserved = new Set(
  (
    'await break case catch class const continue debugger default delete do else enum export extends false finally for function if ' +
    'implements import in instanceof interface let new null package private protected public return static super switch this throw ' +
    'true try typeof var void while with yield arguments eval undefined'
  ).split(' '),
);

/** Names of variables, each given once. */
export class Identifiers {
  private readonly taken: Set<string>;

  constructor(taken: readonly string[]) {
    this.taken = new Set(taken);
  }

  /** A variable in camel case for a name. */
  for(name: string): string {
    const words = name.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
    const camel = words
      .map((word, at) => (at === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1)))
      .join('');
    const start = /^[A-Za-z]/.test(camel) ? camel.charAt(0).toLowerCase() + camel.slice(1) : `x${camel}`;
    const free = reserved.has(start) ? `${start}_` : start;
    let identifier = free;
    for (let count = 2; this.taken.has(identifier); count++) identifier = `${free}${count}`;
    this.taken.add(identifier);
    return identifier;
  }
}
