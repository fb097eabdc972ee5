import { fileURLToPath } from 'node:url';
import { TerminalError } from '../../base/errors';

/** An artifact in an OCI registry. */
export interface OciReference {
  readonly kind: 'oci';
  /** As the user wrote it. */
  readonly text: string;
  /** Host and port as names and credentials use it, e.g. `registry.example:5000`. */
  readonly registry: string;
  readonly repository: string;
  /** Absent only where there is a digest. */
  readonly tag?: string;
  /** `sha256:…`; wins over the tag. */
  readonly digest?: string;
}

/** A file on the host's own disk. */
export interface FileReference {
  readonly kind: 'file';
  readonly text: string;
  readonly path: string;
}

/** Something that the host brings itself. */
export interface BuiltinReference {
  readonly kind: 'builtin';
  readonly text: string;
  readonly name: string;
}

export type ImageReference = OciReference | FileReference | BuiltinReference;

export type PullPolicy = 'Always' | 'IfNotPresent' | 'Never';

const hostPattern =
  /^(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*|\[[a-fA-F0-9:]+\])(?::\d{1,5})?$/;
const componentPattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const tagPattern = /^\w[\w.-]{0,127}$/;
const digestPattern = /^(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/;

/**
 * Reads an image reference: `registry/repository[:tag][@digest]` as container tools read it (with or without `oci://`),
 * `file:///absolute/path`, `builtin://name` (also as `wasmcloud+builtin://name`). No registry is assumed where none is named.
 * @throws TerminalError `InvalidImage` that says which part is wrong.
 */
export function parseReference(text: string): ImageReference {
  const scheme = /^([a-z+]+):\/\//.exec(text)?.[1];
  const rest = scheme === undefined ? text : text.slice(scheme.length + 3);
  switch (scheme) {
    case undefined:
    case 'oci':
      return parseOci(text, rest);
    case 'file':
      return { kind: 'file', text, path: filePath(text) };
    case 'builtin':
    case 'wasmcloud+builtin':
      return { kind: 'builtin', text, name: rest };
    default:
      throw invalid(
        text,
        `has the scheme ${scheme}://`,
        'Use registry/repository:tag, file:///path or builtin://name',
      );
  }
}

/** What Kubernetes does where no policy is given: an image that is tagged `latest` is looked up each time. */
export function defaultPullPolicy(reference: ImageReference): PullPolicy {
  return reference.kind === 'oci' && reference.digest === undefined && reference.tag === 'latest'
    ? 'Always'
    : 'IfNotPresent';
}

/** `registry/repository`, the part of a reference that names no version. */
export function repositoryOf(reference: OciReference): string {
  return `${reference.registry}/${reference.repository}`;
}

function parseOci(text: string, rest: string): OciReference {
  const [named = '', digest, ...more] = rest.split('@');
  if (more.length > 0 || (digest !== undefined && !digestPattern.test(digest)))
    throw invalid(
      text,
      `has the digest ${JSON.stringify(rest.slice(named.length + 1))}`,
      'Write sha256: and 64 lower-case hex digits',
    );
  const slash = named.indexOf('/');
  const first = slash === -1 ? '' : named.slice(0, slash);
  // As container tools tell a registry from the first part of a name.
  if (!/[.:]/.test(first) && first !== 'localhost')
    throw invalid(text, 'names no registry', `Write REGISTRY/${named}`);
  if (!hostPattern.test(first))
    throw invalid(text, `has the registry ${JSON.stringify(first)}`, 'Write host or host:port');
  const path = named.slice(slash + 1);
  const colon = path.indexOf(':');
  const tag = colon === -1 ? undefined : path.slice(colon + 1);
  if (tag !== undefined && !tagPattern.test(tag))
    throw invalid(
      text,
      `has the tag ${JSON.stringify(tag)}`,
      'A tag has letters, digits, _ . and -, at most 128 of them',
    );
  const name = colon === -1 ? path : path.slice(0, colon);
  if (name.length > 255 || !name.split('/').every((component) => componentPattern.test(component)))
    throw invalid(
      text,
      `has the repository ${JSON.stringify(name)}`,
      'A repository has lower-case letters and digits, separated by / . _ or -',
    );
  const effectiveTag = tag ?? (digest === undefined ? 'latest' : undefined);
  return {
    kind: 'oci',
    text,
    registry: first,
    repository: name,
    ...(effectiveTag === undefined ? {} : { tag: effectiveTag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

function filePath(text: string): string {
  try {
    return fileURLToPath(text);
  } catch (error) {
    throw new TerminalError(
      'InvalidImage',
      `Image ${JSON.stringify(text)} names no file`,
      'Write file:// and an absolute path',
      {
        cause: error,
      },
    );
  }
}

function invalid(text: string, what: string, remedy: string): TerminalError {
  return new TerminalError('InvalidImage', `Image ${JSON.stringify(text)} ${what}`, remedy);
}
