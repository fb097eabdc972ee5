import { stringify } from 'yaml';
import type { KeyPair } from './certificate';
import { writePrivate } from './files';

/** What a kubeconfig file says. */
export interface KubeconfigProps {
  /** `https://HOST:PORT` */
  readonly server: string;
  /** The authority's certificate, PEM. */
  readonly ca: string;
  readonly client: KeyPair;
  /** Names its context; `kubectl config get-contexts` shows it. */
  readonly context: string;
}

/** Writes a kubeconfig file that holds all it needs, readable by this user only. */
export function writeKubeconfig(file: string, { server, ca, client, context }: KubeconfigProps): void {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  writePrivate(
    file,
    stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: context, cluster: { server, 'certificate-authority-data': base64(ca) } }],
      users: [
        {
          name: context,
          user: { 'client-certificate-data': base64(client.cert), 'client-key-data': base64(client.key) },
        },
      ],
      contexts: [{ name: context, context: { cluster: context, user: context } }],
      'current-context': context,
    }),
  );
}
