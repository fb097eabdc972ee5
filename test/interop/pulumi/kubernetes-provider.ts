import { isDeepStrictEqual } from 'node:util';
import { PluginInfo } from '@pulumi/pulumi/proto/plugin_pb';
import { ResourceProviderService } from '@pulumi/pulumi/proto/provider_grpc_pb';
import type {
  CheckRequest,
  CreateRequest,
  DeleteRequest,
  DiffRequest,
  ReadRequest,
  UpdateRequest,
} from '@pulumi/pulumi/proto/provider_pb';
import {
  CheckResponse,
  ConfigureResponse,
  CreateResponse,
  DiffResponse,
  ReadResponse,
  UpdateResponse,
} from '@pulumi/pulumi/proto/provider_pb';
import { Empty } from 'google-protobuf/google/protobuf/empty_pb';
import { Struct } from 'google-protobuf/google/protobuf/struct_pb';
import type { Cluster, Manifest } from './cluster';
import { RpcServer } from './rpc-server';

/**
 * Stands in for pulumi-resource-kubernetes, which is no npm package: speaks its protocol to the engine, and applies to a cluster. What it proves is evidence about our programs and the engine, not about the official
 * plugin: it waits only for definitions and for `pulumi.com/waitFor: condition=…`, and never retries.
 */
export async function startKubernetesProvider(cluster: Cluster): Promise<RpcServer> {
  return RpcServer.start(ResourceProviderService, {
    getPluginInfo: () => {
      const info = new PluginInfo();
      info.setVersion('4.25.0');
      return info;
    },
    checkConfig: passThrough,
    diffConfig: () => new DiffResponse(),
    configure: () => {
      const response = new ConfigureResponse();
      response.setSupportspreview(true);
      return response;
    },
    check: passThrough,
    diff: (request: DiffRequest) => diff(read(request.getOldInputs()), read(request.getNews())),
    create: async (request: CreateRequest) => {
      const manifest = read(request.getProperties());
      const live = await cluster.apply(manifest, request.getPreview());
      const response = new CreateResponse();
      response.setId(idOf(manifest));
      response.setProperties(struct(live));
      return response;
    },
    update: async (request: UpdateRequest) => {
      const response = new UpdateResponse();
      response.setProperties(struct(await cluster.apply(read(request.getNews()), request.getPreview())));
      return response;
    },
    read: async (request: ReadRequest) => {
      const inputs = read(request.getInputs());
      const live = await cluster.get(inputs);
      const response = new ReadResponse();
      // No id says that the object is gone.
      if (live === undefined) return response;
      response.setId(request.getId());
      response.setProperties(struct(live));
      response.setInputs(struct(declaredPart(live, inputs) as Manifest));
      return response;
    },
    delete: async (request: DeleteRequest) => {
      await cluster.delete(read(request.getProperties()));
      return new Empty();
    },
    attach: () => new Empty(),
    cancel: () => new Empty(),
  });
}

function passThrough(request: CheckRequest): CheckResponse {
  const response = new CheckResponse();
  response.setInputs(request.getNews());
  return response;
}

function diff(before: Manifest, after: Manifest): DiffResponse {
  const response = new DiffResponse();
  const changed = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (key) => !isDeepStrictEqual(before[key], after[key]),
  );
  response.setChanges(
    changed.length > 0 ? DiffResponse.DiffChanges.DIFF_SOME : DiffResponse.DiffChanges.DIFF_NONE,
  );
  response.setDiffsList(changed);
  response.setReplacesList(idOf(before) === idOf(after) ? [] : ['metadata']);
  return response;
}

function idOf({ metadata }: Manifest): string {
  return metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;
}

/** The part of a live object that the program declares: only this can drift. */
function declaredPart(live: unknown, declared: unknown): unknown {
  if (Array.isArray(live) && Array.isArray(declared))
    return live.map((item, index) => declaredPart(item, declared[index] ?? item));
  if (!isRecord(live) || !isRecord(declared)) return live;
  const keys = Object.keys(declared).filter((key) => key in live);
  return Object.fromEntries(keys.map((key) => [key, declaredPart(live[key], declared[key])]));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Pulumi marks a secret on the wire by this key. */
const secretKey = '4dabf18193072939515e22adb298388d';

/** A manifest from the wire, without the marks of secrets: the engine remembers them. */
function read(properties: Struct | undefined): Manifest {
  return unwrap(properties?.toJavaScript() ?? {}) as Manifest;
}

function unwrap(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unwrap);
  if (!isRecord(value)) return value;
  if (secretKey in value) return unwrap(value['value']);
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, unwrap(entry)]));
}

function struct(manifest: Manifest): Struct {
  return Struct.fromJavaScript(manifest as unknown as Parameters<typeof Struct.fromJavaScript>[0]);
}
