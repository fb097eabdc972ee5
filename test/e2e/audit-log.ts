import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

interface AuditEvent {
  readonly verb: string;
  readonly requestReceivedTimestamp: string;
  readonly user: { readonly username: string };
  readonly impersonatedUser?: unknown;
  readonly objectRef?: {
    readonly apiGroup?: string;
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly responseStatus?: { readonly code?: number; readonly message?: string };
}

/** A request that the API server answered. */
export interface Request {
  /** `VERB RESOURCE[/SUBRESOURCE][.GROUP]` */
  readonly action: string;
  readonly namespace: string;
  readonly name: string;
  readonly status: number;
  /** When the API server received it, in milliseconds. */
  readonly at: number;
}

/** The API server's own record of who asked what. */
export class AuditLog {
  private readonly file: string;
  private readonly policy: string;

  constructor(dir: string) {
    mkdirSync(dir, { recursive: true });
    this.file = path.join(dir, 'audit.log');
    this.policy = path.join(dir, 'audit-policy.yaml');
    writeFileSync(
      this.policy,
      JSON.stringify({
        apiVersion: 'audit.k8s.io/v1',
        kind: 'Policy',
        omitStages: ['RequestReceived'],
        rules: [{ level: 'Metadata' }],
      }),
    );
  }

  /** What the API server is to be started with. */
  get apiServerArgs(): string[] {
    return [`--audit-log-path=${this.file}`, `--audit-policy-file=${this.policy}`];
  }

  /** What a user asked for until now; of an object that was made by server-side apply also that it was created. */
  requestsOf(username: string): Request[] {
    return readFileSync(this.file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as AuditEvent)
      .filter(({ user, objectRef }) => user.username === username && objectRef?.resource !== undefined)
      .flatMap(({ verb, objectRef = {}, responseStatus, requestReceivedTimestamp }) => {
        const at = Date.parse(requestReceivedTimestamp);
        const { apiGroup, resource, subresource, namespace = '', name = '' } = objectRef;
        const status = responseStatus?.code ?? 0;
        const what = `${resource}${subresource ? `/${subresource}` : ''}${apiGroup ? `.${apiGroup}` : ''}`;
        const verbs = verb === 'patch' && status === 201 ? ['patch', 'create'] : [verb];
        return verbs.map((each) => ({ action: `${each} ${what}`, namespace, name, status, at }));
      });
  }
}
