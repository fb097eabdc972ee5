import { stringify } from 'yaml';
import type { Policy } from './application';
import { oamApiVersion, oamKind } from './application';
import type { WrittenSecret } from './notes';

// A wadm manifest as it is written.

export interface WrittenConfig {
  readonly name: string;
  readonly properties?: Readonly<Record<string, string>>;
}

export interface WrittenEnd {
  readonly config?: readonly WrittenConfig[];
  readonly secrets?: readonly WrittenSecret[];
}

export interface WrittenTrait {
  readonly type: string;
  readonly properties: unknown;
}

export interface WrittenComponent extends WrittenEnd {
  readonly name: string;
  readonly type: 'component' | 'capability';
  readonly image?: string;
  readonly application?: { readonly name: string; readonly component: string };
  readonly id?: string;
  readonly traits: WrittenTrait[];
}

export interface WrittenApplication {
  readonly name: string;
  readonly annotations: Record<string, string>;
  readonly labels: Readonly<Record<string, string>>;
  readonly policies: readonly Policy[];
  readonly components: readonly WrittenComponent[];
}

/** The text of some manifests, a YAML document each. */
export function manifestText(applications: readonly WrittenApplication[]): string {
  return applications
    .map((application) => `---\n${stringify(documentOf(application), { lineWidth: 0 })}`)
    .join('');
}

function documentOf({ name, annotations, labels, policies, components }: WrittenApplication): object {
  return {
    apiVersion: oamApiVersion,
    kind: oamKind,
    metadata: { name, annotations, ...(Object.keys(labels).length > 0 && { labels }) },
    spec: {
      ...(policies.length > 0 && { policies }),
      components: components.map(({ name: component, type, traits, ...properties }) => ({
        name: component,
        type,
        properties,
        ...(traits.length > 0 && { traits }),
      })),
    },
  };
}
