import type http from 'node:http';
import type { KubeObject, ObjectKey, ResourceType } from '../api/resource';
import { isApiError } from './api-error';
import type { Connection } from './connection';
import { type HttpRequest, send, text } from './http';
import { apiVersionOf, collectionPath, objectPath } from './key';

/** Options of every call. */
export interface CallOptions {
  /** Gives the call up. */
  readonly signal?: AbortSignal | undefined;
}

/** Which objects of a kind. */
export interface Selection {
  /** One namespace. @default all */
  readonly namespace?: string | undefined;
  /** e.g. `app=web,tier!=cache` */
  readonly labelSelector?: string | undefined;
  /** e.g. `spec.host=a`; the kind must declare the field selectable. */
  readonly fieldSelector?: string | undefined;
}

export interface ListOptions extends Selection, CallOptions {
  /** Objects a page. @default 500 */
  readonly pageSize?: number;
}

export interface ObjectList<T> {
  readonly items: T[];
  /** Where a watch continues. */
  readonly resourceVersion: string;
}

export interface WriteOptions extends CallOptions {
  /** Who owns the fields that this call writes. */
  readonly fieldManager?: string;
  readonly subresource?: 'status' | 'scale';
}

export interface PatchOptions extends WriteOptions {
  /** Checks all that a patch checks, and changes nothing. @default false */
  readonly dryRun?: boolean;
}

export interface ApplyOptions extends CallOptions {
  readonly fieldManager: string;
  /** Takes fields over from other managers instead of failing with a conflict. @default false */
  readonly force?: boolean;
  /** Checks all that an apply checks, and changes nothing. @default false */
  readonly dryRun?: boolean;
}

export interface DeleteOptions extends CallOptions {
  /** Deletes only the object with this uid. */
  readonly uid?: string | undefined;
  /** @default the kind's own, usually Background */
  readonly propagationPolicy?: 'Foreground' | 'Background' | 'Orphan';
}

/** One operation of a JSON patch (RFC 6902). */
export type JsonPatchOperation =
  | { readonly op: 'add' | 'replace' | 'test'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

/** A JSON patch (an array) or a JSON merge patch (an object). */
export type Patch = readonly JsonPatchOperation[] | Readonly<Record<string, unknown>>;

/** What an apply sends: the fields that its manager owns, never the whole object. */
export type Applied<T extends KubeObject> = Pick<T, 'apiVersion' | 'kind'> & {
  metadata: Partial<T['metadata']> & { name: string };
} & { [K in Exclude<keyof T, keyof KubeObject>]?: DeepPartial<T[K]> };

type DeepPartial<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { [K in keyof T]?: DeepPartial<T[K]> }
    : T;

/** Server-side printing: what `kubectl get` shows. */
export interface Table {
  readonly columnDefinitions: {
    readonly name: string;
    readonly type: string;
    readonly format: string;
    readonly description: string;
    readonly priority: number;
  }[];
  readonly rows: { readonly cells: unknown[]; readonly object: KubeObject }[];
}

/**
 * Reads and writes objects of the API server.
 *
 * Every method throws ApiError when the server refuses and ConnectionError when it does not answer.
 */
export class KubeClient {
  /** @param guard Called just before each request that writes; throws to prevent it. @default all may be written */
  constructor(
    readonly connection: Connection,
    private readonly guard?: () => void,
  ) {}

  async get<T extends KubeObject>(
    type: ResourceType<T>,
    key: ObjectKey,
    options: CallOptions = {},
  ): Promise<T> {
    return this.json<T>({ method: 'GET', path: objectPath(type, key), ...options });
  }

  /** As {@link get}, but undefined when the object does not exist. */
  async find<T extends KubeObject>(
    type: ResourceType<T>,
    key: ObjectKey,
    options: CallOptions = {},
  ): Promise<T | undefined> {
    try {
      return await this.get(type, key, options);
    } catch (error) {
      if (isApiError(error, 404)) return undefined;
      throw error;
    }
  }

  /** All objects of a selection, consistent at one resource version, however many pages they take. */
  async list<T extends KubeObject>(type: ResourceType<T>, options: ListOptions = {}): Promise<ObjectList<T>> {
    const { signal, pageSize = 500 } = options;
    const identity = { apiVersion: apiVersionOf(type), kind: type.kind };
    const path = collectionPath(type, options.namespace);
    let items: T[] = [];
    let restarts = 0;
    let token: string | undefined;
    for (;;) {
      // A list that outlives its snapshot twice is read in one page, which cannot expire.
      const limit = restarts < 3 ? String(pageSize) : undefined;
      const page = await this.json<ListPage<T>>({
        method: 'GET',
        path: withQuery(path, { ...selectors(options), limit, continue: token }),
        signal,
      }).catch((error: unknown) => {
        if (token !== undefined && isApiError(error, 410)) return undefined;
        throw error;
      });
      if (page === undefined) {
        items = [];
        token = undefined;
        restarts++;
        continue;
      }
      for (const item of page.items ?? []) items.push({ ...identity, ...item });
      token = page.metadata.continue;
      if (!token) return { items, resourceVersion: page.metadata.resourceVersion };
    }
  }

  /** Creates `object`; refused with AlreadyExists when there is one of its name. */
  async create<T extends KubeObject>(
    type: ResourceType<T>,
    object: T,
    options: WriteOptions = {},
  ): Promise<T> {
    return this.json<T>({
      method: 'POST',
      path: withQuery(collectionPath(type, namespaceOf(type, object)), {
        fieldManager: options.fieldManager,
      }),
      body: JSON.stringify(object),
      signal: options.signal,
    });
  }

  /** Replaces an object; refused with Conflict when its `resourceVersion` is no longer the newest. */
  async replace<T extends KubeObject>(
    type: ResourceType<T>,
    object: T,
    options: WriteOptions = {},
  ): Promise<T> {
    return this.json<T>({
      method: 'PUT',
      path: withQuery(objectPath(type, object.metadata, options.subresource), {
        fieldManager: options.fieldManager,
      }),
      body: JSON.stringify(object),
      signal: options.signal,
    });
  }

  /** Server-side apply: creates the object or makes the fields in `object` what they say, and owns them. */
  async apply<T extends KubeObject>(
    type: ResourceType<T>,
    object: Applied<T>,
    options: ApplyOptions,
  ): Promise<T> {
    return this.serverSideApply<T>(objectPath(type, object.metadata), object, options);
  }

  /** Server-side apply to the status subresource; refused with NotFound when the object does not exist. */
  async applyStatus<T extends KubeObject>(
    type: ResourceType<T>,
    object: Applied<T>,
    options: ApplyOptions,
  ): Promise<T> {
    return this.serverSideApply<T>(objectPath(type, object.metadata, 'status'), object, options);
  }

  async patch<T extends KubeObject>(
    type: ResourceType<T>,
    key: ObjectKey,
    patch: Patch,
    options: PatchOptions = {},
  ): Promise<T> {
    const { fieldManager, dryRun } = options;
    return this.json<T>({
      method: 'PATCH',
      path: withQuery(objectPath(type, key, options.subresource), {
        fieldManager,
        dryRun: dryRun ? 'All' : undefined,
      }),
      contentType: Array.isArray(patch) ? 'application/json-patch+json' : 'application/merge-patch+json',
      body: JSON.stringify(patch),
      signal: options.signal,
    });
  }

  /** Deletes an object; false when it did not exist (or had another uid than the one asked for). */
  async delete(type: ResourceType, key: ObjectKey, options: DeleteOptions = {}): Promise<boolean> {
    const { uid, propagationPolicy, signal } = options;
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      ...(propagationPolicy && { propagationPolicy }),
      ...(uid !== undefined && { preconditions: { uid } }),
    };
    try {
      await this.json({ method: 'DELETE', path: objectPath(type, key), body: JSON.stringify(body), signal });
      return true;
    } catch (error) {
      if (isApiError(error, 404) || (uid !== undefined && isApiError(error, 409))) return false;
      throw error;
    }
  }

  /** The table that `kubectl get` prints, rows in the server's order. */
  async table(type: ResourceType, options: Selection & CallOptions = {}): Promise<Table> {
    return this.json<Table>({
      method: 'GET',
      path: withQuery(collectionPath(type, options.namespace), selectors(options)),
      accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
      signal: options.signal,
    });
  }

  /** Sends any request and returns its body as text, e.g. `raw('/readyz')`. */
  async raw(path: string, options: Partial<Omit<HttpRequest, 'path'>> = {}): Promise<string> {
    return text(await this.stream({ method: 'GET', ...options, path }));
  }

  /** Sends any request and returns its response as soon as its head has arrived. */
  async stream(request: HttpRequest): Promise<http.IncomingMessage> {
    return send(this.connection, request.method === 'GET' ? request : { guard: this.guard, ...request });
  }

  private async serverSideApply<T>(path: string, object: unknown, options: ApplyOptions): Promise<T> {
    const { fieldManager, force, dryRun, signal } = options;
    return this.json<T>({
      method: 'PATCH',
      path: withQuery(path, {
        fieldManager,
        force: force ? 'true' : undefined,
        dryRun: dryRun ? 'All' : undefined,
      }),
      // JSON is YAML, and all server versions know this content type.
      contentType: 'application/apply-patch+yaml',
      body: JSON.stringify(object),
      signal,
    });
  }

  private async json<T>(request: HttpRequest): Promise<T> {
    return JSON.parse(await text(await this.stream(request))) as T;
  }
}

interface ListPage<T> {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: T[] | null;
}

/** The query parameters of a selection. */
export function selectors({ labelSelector, fieldSelector }: Selection): Record<string, string | undefined> {
  return { labelSelector, fieldSelector };
}

/** Appends the parameters that have a value. */
export function withQuery(path: string, parameters: Record<string, string | undefined>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) query.set(name, value);
  return query.size === 0 ? path : `${path}?${query.toString()}`;
}

function namespaceOf(type: ResourceType, object: KubeObject): string | undefined {
  // Also says so when a namespaced object has no namespace.
  objectPath(type, object.metadata);
  return object.metadata.namespace;
}
