/** A rule in CEL on one node of a schema, as the API server defines it. */
export interface ValidationRule {
  readonly rule: string;
  readonly message: string;
  /** Field that the message is about, relative to the node, e.g. `.image`. */
  readonly fieldPath?: string;
  /** Evaluate at creation too, with `oldSelf` as an optional. */
  readonly optionalOldSelf?: boolean;
}

/** The subset of OpenAPI v3 that a structural schema may use, as far as `crds/` uses it. */
export interface StructuralSchema {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  readonly description?: string;
  readonly default?: unknown;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, StructuralSchema>>;
  readonly additionalProperties?: StructuralSchema;
  readonly items?: StructuralSchema;
  readonly enum?: readonly string[];
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-validations'?: readonly ValidationRule[];
}

/** One thing that is wrong with an object. */
export interface ValidationIssue {
  /** Where, e.g. `spec.spread[0].weight`. */
  readonly path: string;
  /** A sentence that starts with the path, shows the value and tells the remedy: `spec.instances must be >= 0, got -1`. */
  readonly message: string;
}

/** A child's path: `spec.image`, `spec.spread[0]`, `spec.labels[a.b/c]`. */
export function childPath(parent: string, child: string | number): string {
  if (typeof child === 'number' || !/^[A-Za-z_$][\w$]*$/.test(child)) return `${parent}[${child}]`;
  return parent === '' ? child : `${parent}.${child}`;
}

const maxShown = 80;

/** A value as messages show it: JSON, cut where it gets long. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= maxShown ? text : `${text.slice(0, maxShown - 1)}…`;
}
