import { execFile } from 'node:child_process';
import { isDeepStrictEqual, promisify } from 'node:util';
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
import { RpcServer } from './rpc-server';

interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; annotations?: Record<string, string> };
  [field: string]: unknown;
}

/**
 * Stands in for pulumi-resource-kubernetes, which is no npm package: speaks its protocol to the engine, and to the API server through
 * kubectl, so that everything is really applied. What it proves is evidence about our programs and the engine, not about the official
 * plugin: it waits only for definitions and for `pulumi.com/waitFor: condition=…`, and never retries.
 */
export async function startKubernetesProvider(
  kubectl: string,
  kubeconfig: string,
  /** Gets `begin KIND` and `end KIND` for each object that is applied. */
  trace: string[],
): Promise<RpcServer> {
  const cluster = new Cluster(kubectl, kubeconfig, trace);
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

/** Objects as kubectl applies and reads them. */
class Cluster {
  constructor(
    private readonly kubectl: string,
    private readonly kubeconfig: string,
    private readonly trace: string[],
  ) {}

  async apply(manifest: Manifest, preview: boolean): Promise<Manifest> {
    if (preview) return manifest;
    this.trace.push(`begin ${manifest.kind}`);
    const args = [
      'apply',
      '--server-side',
      '--force-conflicts',
      '--field-manager=pulumi',
      '-f',
      '-',
      '-o',
      'json',
    ];
    const applied = JSON.parse(await this.run(args, JSON.stringify(manifest))) as Manifest;
    const awaited =
      manifest.kind === 'CustomResourceDefinition'
        ? 'condition=Established'
        : manifest.metadata.annotations?.['pulumi.com/waitFor'];
    if (awaited !== undefined)
      await this.run(['wait', `--for=${awaited}`, '--timeout=60s', ...address(manifest)]);
    this.trace.push(`end ${manifest.kind}`);
    return (awaited !== undefined && (await this.get(manifest))) || applied;
  }

  async get(manifest: Manifest): Promise<Manifest | undefined> {
    const text = await this.run(['get', '--ignore-not-found', '-o', 'json', ...address(manifest)]);
    return text === '' ? undefined : (JSON.parse(text) as Manifest);
  }

  async delete(manifest: Manifest): Promise<void> {
    await this.run(['delete', '--ignore-not-found', '--timeout=300s', ...address(manifest)]);
  }

  private run(args: string[], input?: string): Promise<string> {
    const running = promisify(execFile)(this.kubectl, ['--kubeconfig', this.kubeconfig, ...args], {
      maxBuffer: 64 * 1024 * 1024,
    });
    running.child.stdin?.end(input);
    return running.then(({ stdout }) => stdout);
  }
}

/** Arguments by which kubectl finds an object. */
function address({ apiVersion, kind, metadata }: Manifest): string[] {
  const [version, group] = apiVersion.split('/').reverse();
  const type = group === undefined ? kind : `${kind}.${version}.${group}`;
  return [
    type,
    metadata.name,
    ...(metadata.namespace === undefined ? [] : ['--namespace', metadata.namespace]),
  ];
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
