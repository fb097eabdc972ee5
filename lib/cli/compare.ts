import { createTwoFilesPatch } from 'diff';
import { stringify } from 'yaml';
import type { KubeObject } from '../api';

/** An object as it is and as it would be; undefined where there is none. */
export interface Pair {
  readonly before: KubeObject | undefined;
  readonly after: KubeObject | undefined;
}

/** The differences of the pairs, as unified diffs in the order of the pairs; empty where there are none. Values of Secrets are masked. */
export function unifiedDiff(pairs: readonly Pair[], names: readonly [before: string, after: string]): string {
  return pairs
    .map((pair) => {
      const { before, after } = masked(pair);
      const [from, to] = [textOf(before), textOf(after)];
      if (from === to) return '';
      const file = fileOf(pair);
      return createTwoFilesPatch(
        from === '' ? '/dev/null' : `${names[0]}/${file}`,
        to === '' ? '/dev/null' : `${names[1]}/${file}`,
        from,
        to,
        undefined,
        undefined,
        { context: 3 },
      ).replace(/^=+\n/, `diff ${names[0]}/${file} ${names[1]}/${file}\n`);
    })
    .join('');
}

/** Objects of two sets by what they are: those of the first, then what only the second has. */
export function pairUp(before: readonly KubeObject[], after: readonly KubeObject[]): Pair[] {
  const later = new Map(after.map((object) => [keyOf(object), object]));
  const pairs = before.map((object): Pair => ({ before: object, after: later.get(keyOf(object)) }));
  const earlier = new Set(before.map(keyOf));
  return [
    ...pairs,
    ...after
      .filter((object) => !earlier.has(keyOf(object)))
      .map((object): Pair => ({ before: undefined, after: object })),
  ];
}

/** What an object is, as a path: `apps.v1.Deployment/namespace/name`. */
function keyOf({ apiVersion, kind, metadata: { namespace, name } }: KubeObject): string {
  return [
    `${apiVersion.replace('/', '.')}.${kind}`,
    ...(namespace === undefined ? [] : [namespace]),
    name,
  ].join('/');
}

function fileOf({ before, after }: Pair): string {
  const object = before ?? after;
  return object === undefined ? '' : keyOf(object);
}

/** What a server notes about an object, which differs without anybody's doing. */
const noted = ['managedFields', 'resourceVersion', 'generation', 'uid', 'creationTimestamp'];

function textOf(object: KubeObject | undefined): string {
  if (object === undefined) return '';
  const metadata = without(object.metadata, noted);
  return stringify(
    { ...without(object, ['status']), metadata },
    { sortMapEntries: true, lineWidth: 0, aliasDuplicateObjects: false },
  );
}

function without(map: object, keys: readonly string[]): object {
  return Object.fromEntries(Object.entries(map).filter(([key]) => !keys.includes(key)));
}

/** The pair with the values of a Secret hidden: whether they are equal still shows. */
function masked({ before, after }: Pair): Pair {
  if ((before ?? after)?.kind !== 'Secret') return { before, after };
  const hide = (
    object: KubeObject | undefined,
    other: KubeObject | undefined,
    mark: string,
  ): KubeObject | undefined => {
    if (object === undefined) return undefined;
    const [own, theirs] = [valuesOf(object), other && valuesOf(other)];
    const data = Object.fromEntries(
      Object.entries(own).map(([key, value]) => [
        key,
        theirs === undefined || theirs[key] === undefined || theirs[key] === value ? '***' : `*** (${mark})`,
      ]),
    );
    return {
      ...without(object, ['data', 'stringData']),
      ...(Object.keys(data).length > 0 && { data }),
    } as KubeObject;
  };
  return { before: hide(before, after, 'before'), after: hide(after, before, 'after') };
}

interface SecretValues {
  readonly data?: Readonly<Record<string, string>>;
  readonly stringData?: Readonly<Record<string, string>>;
}

/** Values in base64, however they are given. */
function valuesOf(object: KubeObject): Record<string, string> {
  const { data, stringData } = object as KubeObject & SecretValues;
  const encoded = Object.entries(stringData ?? {}).map(([key, text]) => [
    key,
    Buffer.from(text).toString('base64'),
  ]);
  return { ...data, ...(Object.fromEntries(encoded) as Record<string, string>) };
}
