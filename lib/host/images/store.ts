import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { TerminalError } from '../../base/errors';
import { log } from '../../base/log';
import { BlobCache } from './blob-cache';
import type { RegistryCredential } from './credentials';
import { downloadBlob, hashFile } from './download';
import { ImagePullError, tooLarge } from './errors';
import { FileImages } from './file-images';
import { Lookups, type Lookup } from './lookups';
import { artifactOf, isIndex, manifestOf, type Artifact, type ArtifactKind } from './manifest';
import {
  defaultPullPolicy,
  parseReference,
  repositoryOf,
  type OciReference,
  type PullPolicy,
} from './reference';
import { RegistryClient, type Repository } from './registry-client';
import { SharedWork } from './share';

export interface ImageStoreOptions {
  /** Folder of the cache; one process writes to it at a time. */
  readonly dir: string;
  /** Whether `file://` images may be read. @default false */
  readonly allowFileLoad?: boolean | undefined;
  /** Registries, as `host` or `host:port`, that are spoken to without TLS. */
  readonly insecureRegistries?: readonly string[] | undefined;
  /** PEM certificates that are trusted beside the public ones. */
  readonly ca?: string | undefined;
  /** Most bytes of one image. @default 256 MiB */
  readonly maxImageBytes?: number | undefined;
  /** Bytes of the cache above which images that were not used for the longest time are removed. @default 2 GiB */
  readonly maxCacheBytes?: number | undefined;
}

export interface FetchOptions {
  /** @default `Always` for the tag latest, else `IfNotPresent` */
  readonly pullPolicy?: PullPolicy | undefined;
  /** Credentials that fit the registry, in the order in which to try them. */
  readonly credentials?: readonly RegistryCredential[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** An image on disk. */
export interface StoredImage {
  /** The component or archive; stays for at least an hour after it was fetched. */
  readonly path: string;
  /** Digest of the bytes at `path`, `sha256:…`. */
  readonly digest: string;
  readonly kind: ArtifactKind;
  readonly mediaType: string;
  /** The reference pinned to what was found: `registry/repository@sha256:…`, or `file:///path@sha256:…`. */
  readonly resolved: string;
}

/** The images of one host: fetched from registries or files, kept on disk by content. */
export class ImageStore {
  private readonly registry: RegistryClient;
  private readonly blobs: BlobCache;
  private readonly lookups: Lookups;
  private readonly files: FileImages;
  private readonly downloads = new Map<string, SharedWork>();
  /** Blobs that this process has downloaded or read whole: what lay on disk before may have been damaged there. */
  private readonly verified = new Set<string>();
  private readonly maxImageBytes: number;
  private readonly allowFileLoad: boolean;

  constructor(options: ImageStoreOptions) {
    this.registry = new RegistryClient({ ca: options.ca, insecure: options.insecureRegistries });
    this.blobs = new BlobCache(join(options.dir, 'blobs'), options.maxCacheBytes ?? 2 * 2 ** 30);
    this.lookups = new Lookups(join(options.dir, 'lookups'));
    this.maxImageBytes = options.maxImageBytes ?? 256 << 20;
    this.files = new FileImages(this.blobs, this.maxImageBytes);
    this.allowFileLoad = options.allowFileLoad ?? false;
  }

  /**
   * Brings an image to the local disk.
   * @throws ImagePullError, worth trying again; TerminalError `InvalidImage`, `FileLoadDisabled` or `ImageTooLarge`.
   */
  async fetch(image: string, options: FetchOptions = {}): Promise<StoredImage> {
    const reference = parseReference(image);
    await Promise.all([this.blobs.open(), this.lookups.open()]);
    if (reference.kind === 'oci') return this.fetchOci(reference, options);
    if (reference.kind === 'builtin')
      throw new TerminalError(
        'InvalidImage',
        `Image ${image} names a part of the host`,
        'Use builtin:// only as the image of a WasmCloudProvider',
      );
    if (!this.allowFileLoad)
      throw new TerminalError(
        'FileLoadDisabled',
        `Image ${image} is a file, which this host may not load`,
        'Push it to a registry, or start the host with --allow-file-load',
      );
    return this.files.fetch(reference);
  }

  /** Closes idle connections. */
  close(): void {
    this.registry.close();
  }

  private async fetchOci(reference: OciReference, options: FetchOptions): Promise<StoredImage> {
    const policy = options.pullPolicy ?? defaultPullPolicy(reference);
    const credentials = options.credentials ?? [];
    const known = policy === 'Always' ? undefined : await this.lookups.get(reference, credentials);
    if (known !== undefined && (await this.has(known.artifact.digest))) return this.stored(reference, known);
    if (policy === 'Never')
      throw new ImagePullError(
        'ImageNeverPull',
        `Image ${reference.text} is not in the cache of this host and spec.imagePullPolicy is Never`,
        'Use IfNotPresent, or run it once on this host with another policy',
      );
    const repository = this.registry.repository(reference, credentials);
    const lookup = await this.lookUp(repository, reference, options.signal);
    if (!(await this.has(lookup.artifact.digest)))
      await this.download(repository, reference, lookup.artifact, options.signal);
    await this.lookups.set(reference, credentials, lookup);
    return this.stored(reference, lookup);
  }

  /** Whether a blob is in the cache, and what it was when it was downloaded; one that is not is removed. */
  private async has(digest: string): Promise<boolean> {
    if (!(await this.blobs.touch(digest))) return false;
    if (this.verified.has(digest)) return true;
    const path = this.blobs.pathOf(digest);
    const algorithm = digest.slice(0, digest.indexOf(':'));
    const hash = createHash(algorithm);
    await hashFile(path, hash);
    if (`${algorithm}:${hash.digest('hex')}` === digest) {
      this.verified.add(digest);
      return true;
    }
    log.warn({ file: path }, 'A cached image is damaged on disk, it is pulled again');
    await this.blobs.remove(digest);
    return false;
  }

  private async lookUp(
    repository: Repository,
    reference: OciReference,
    signal: AbortSignal | undefined,
  ): Promise<Lookup> {
    const top = await repository.manifest(reference.digest ?? reference.tag!, signal);
    const manifest = isIndex(top.mediaType, top.json)
      ? await repository.manifest(manifestOf(reference.text, top.json), signal)
      : top;
    const artifact = artifactOf(reference.text, manifest.json);
    if (artifact.size > this.maxImageBytes) throw tooLarge(reference.text, artifact.size, this.maxImageBytes);
    return { manifestDigest: top.digest, artifact };
  }

  /** Downloads a layer once, however many ask for it at the same time. */
  private async download(
    repository: Repository,
    reference: OciReference,
    artifact: Artifact,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { digest } = artifact;
    let running = this.downloads.get(digest);
    while (running?.abandoned) {
      await running.ended();
      running = this.downloads.get(digest);
    }
    if (running === undefined) {
      running = new SharedWork(async (shared) => {
        try {
          await this.blobs.makeRoom(artifact.size);
          const partial = this.blobs.partialPathOf(digest);
          await downloadBlob(repository, reference.text, artifact, partial, shared);
          await this.blobs.add(partial, digest);
          this.verified.add(digest);
        } finally {
          this.downloads.delete(digest);
        }
      });
      this.downloads.set(digest, running);
    }
    await running.join(signal);
  }

  private stored(reference: OciReference, { manifestDigest, artifact }: Lookup): StoredImage {
    return {
      path: this.blobs.pathOf(artifact.digest),
      digest: artifact.digest,
      kind: artifact.kind,
      mediaType: artifact.mediaType,
      resolved: `${repositoryOf(reference)}@${manifestDigest}`,
    };
  }
}
