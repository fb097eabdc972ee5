import type { Field } from './field';

/** A wadm Application as it was written, aliases and deprecated keys resolved. */
export interface Application {
  readonly name: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly policies: readonly Policy[];
  readonly components: readonly Component[];
  readonly at: Field;
}

export interface Policy {
  readonly name: string;
  readonly type: string;
  readonly properties: Readonly<Record<string, string>>;
}

/** An actor (wadm says component), a provider (capability), or a stand-in for one of another Application. */
export interface Component {
  readonly name: string;
  readonly role: 'actor' | 'provider';
  /** Absent for a component of another Application. */
  readonly image: string | undefined;
  /** The other Application, and the component in it. */
  readonly shared: { readonly application: string; readonly component: string } | undefined;
  /** The id that was given. */
  readonly id: string | undefined;
  readonly config: readonly NamedConfig[];
  readonly secrets: readonly SecretReference[];
  readonly scaler: Scaler | undefined;
  readonly links: readonly LinkTrait[];
  /** Traits that wadm does not know. */
  readonly custom: readonly { readonly type: string; readonly properties: unknown }[];
  readonly at: Field;
}

export interface NamedConfig {
  readonly name: string;
  /** Absent where the configuration is somebody else's. */
  readonly properties: Readonly<Record<string, string>> | undefined;
  readonly at: Field;
}

/** What a secret is called, and where a secrets backend has its value. */
export interface SecretReference {
  readonly name: string;
  readonly policy: string;
  readonly key: string;
  readonly field: string | undefined;
  readonly version: string | undefined;
  readonly at: Field;
}

export interface Scaler {
  readonly mode: 'spread' | 'daemon';
  readonly instances: number;
  readonly groups: readonly HostGroup[];
  readonly at: Field;
}

/** Hosts with these labels, and their share. */
export interface HostGroup {
  readonly name: string;
  readonly requirements: Readonly<Record<string, string>>;
  /** Absent means 100. */
  readonly weight: number | undefined;
  readonly at: Field;
}

export interface LinkTrait {
  /** Absent means `default`. */
  readonly name: string | undefined;
  /** Name of a component of the same Application. */
  readonly target: string;
  readonly namespace: string;
  readonly package: string;
  readonly interfaces: readonly string[];
  readonly source: LinkEnd;
  readonly destination: LinkEnd;
  readonly at: Field;
}

/** What one end of a link is told. */
export interface LinkEnd {
  readonly config: readonly NamedConfig[];
  readonly secrets: readonly SecretReference[];
}

/** The type of policies that say where secrets are. */
export const secretPolicyType = 'policy.secret.wasmcloud.dev/v1alpha1';
/** The annotation of Applications whose components others may use. */
export const sharedAnnotation = 'experimental.wasmcloud.dev/shared';
export const oamApiVersion = 'core.oam.dev/v1beta1';
export const oamKind = 'Application';
