import type { KubeObject } from '../api';
import { GROUP } from '../api/names';
import type { Policy, SecretReference } from './application';

/** Annotation with what wadm knows and our kinds have no place for, as JSON; absent where there is nothing. */
export const notesAnnotation = `${GROUP}/wadm` as const;

export interface WrittenSecret {
  readonly name: string;
  readonly properties: {
    readonly policy: string;
    readonly key: string;
    readonly field?: string | undefined;
    readonly version?: string | undefined;
  };
}

/** What {@link notesAnnotation} holds. */
export interface Notes {
  /** Name of the Application, where the label `app.kubernetes.io/part-of` cannot hold it. */
  readonly application?: string | undefined;
  /** Name of the component or configuration, where the label `app.kubernetes.io/name` cannot hold it. */
  readonly name?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly policies?: readonly Policy[] | undefined;
  /** Traits that do nothing. */
  readonly traits?: readonly { readonly type: string; readonly properties: unknown }[] | undefined;
  /** Where a backend has the values that the Secrets of `config` are to hold. */
  readonly secrets?: readonly WrittenSecret[] | undefined;
  readonly sourceSecrets?: readonly WrittenSecret[] | undefined;
  readonly targetSecrets?: readonly WrittenSecret[] | undefined;
}

/** A secret as a manifest has it. */
export function writtenSecret({ name, policy, key, field, version }: SecretReference): WrittenSecret {
  return {
    name,
    properties: {
      policy,
      key,
      ...(field !== undefined && { field }),
      ...(version !== undefined && { version }),
    },
  };
}

/** The annotation for some notes; nothing for none. */
export function annotationOf(notes: Notes): Record<string, string> {
  const told = Object.entries(notes).filter(
    ([, value]) =>
      value !== undefined && (typeof value === 'string' || Object.keys(value as object).length > 0),
  );
  return told.length === 0 ? {} : { [notesAnnotation]: JSON.stringify(Object.fromEntries(told)) };
}

/** The notes on an object; none where they are not JSON, as somebody else wrote them. */
export function notesOf({ metadata }: KubeObject): Notes {
  const text = metadata.annotations?.[notesAnnotation];
  if (text === undefined) return {};
  try {
    return JSON.parse(text) as Notes;
  } catch {
    return {};
  }
}
