import type { WitFunction, WitType } from '../../../lib/lattice/wrpc/types';

/** Writes types as WIT, naming those that WIT wants to have a name. */
export class WitText {
  private readonly names = new Map<WitType, string>();
  private readonly lines: string[] = [];

  func(name: string, { params, result }: WitFunction): void {
    const given = params.map(([param, type]) => `${param}: ${this.type(type)}`);
    const returned = result === undefined ? '' : ` -> ${this.type(result)}`;
    this.lines.push(`${name}: func(${given.join(', ')})${returned};`);
  }

  /** What was written, as the body of an interface. */
  toString(): string {
    return this.lines.join('\n');
  }

  private type(type: WitType): string {
    switch (type.kind) {
      case 'list':
      case 'option':
        return `${type.kind}<${this.type(type.element)}>`;
      case 'tuple':
        return `tuple<${type.elements.map((element) => this.type(element)).join(', ')}>`;
      case 'result': {
        const [ok, err] = [type.ok, type.err].map((side) => side && this.type(side));
        if (err !== undefined) return `result<${ok ?? '_'}, ${err}>`;
        return ok === undefined ? 'result' : `result<${ok}>`;
      }
      case 'record':
        return this.named(
          type,
          type.fields.map(({ name, type: field }) => `${name}: ${this.type(field)}`),
        );
      case 'variant':
        return this.named(
          type,
          type.cases.map(({ name, type: payload }) => (payload ? `${name}(${this.type(payload)})` : name)),
        );
      case 'enum':
      case 'flags':
        return this.named(type, type.names);
      default:
        return type.kind;
    }
  }

  private named(type: WitType, members: readonly string[]): string {
    let name = this.names.get(type);
    if (name === undefined) {
      this.names.set(type, (name = `type${this.names.size}`));
      this.lines.push(`${type.kind} ${name} { ${members.join(', ')} }`);
    }
    return name;
  }
}
