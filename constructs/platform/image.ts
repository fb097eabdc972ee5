import { version } from 'kasmcloud/package.json';

/** Which build of the `kasmcloud` image is meant. */
export interface KasmCloudImageOptions {
  /**
   * Tag.
   *
   * @default - the version of this library
   */
  readonly version?: string;
  /**
   * Digest, such as `sha256:…`: with it, nobody can put another image in the place of this one.
   *
   * @default - none: the registry says what the tag means
   */
  readonly digest?: string;
}

/**
 * Reference of the image of all roles, which `npm run image` builds, in a registry of yours.
 *
 * @param repository Registry and path without tag, such as `registry.example.com/platform/kasmcloud`.
 * @throws when the digest is none
 * @example
 * import { App, Chart } from 'cdk8s';
 * import { kasmcloudImage, Reconciler } from 'kasmcloud';
 *
 * const chart = new Chart(new App(), 'platform', { namespace: 'kasmcloud-system' });
 * new Reconciler(chart, 'reconciler', { image: kasmcloudImage('registry.example.com/kasmcloud') });
 */
export function kasmcloudImage(repository: string, options: KasmCloudImageOptions = {}): string {
  const { digest } = options;
  if (digest !== undefined && !/^sha256:[0-9a-f]{64}$/.test(digest))
    throw new Error(
      `digest must be sha256: and 64 hexadecimal digits, got "${digest}": copy it from the registry`,
    );
  return `${repository}:${options.version ?? version}${digest === undefined ? '' : `@${digest}`}`;
}

/** What is wrong with a container image of the platform. */
export function imageIssues(image: string, property = 'image'): string[] {
  if (
    typeof image === 'string' &&
    /^(localhost|[^/\s]+[.:][^/\s]*)\/[^\s:@]+(:[^\s:@/]+)?(@sha256:[0-9a-f]{64})?$/.test(image)
  )
    return [];
  return [
    `${property} must be an image reference that names its registry, got ${JSON.stringify(image)}: for example registry.example.com/${property === 'image' ? 'kasmcloud' : property}:1.0.0`,
  ];
}
