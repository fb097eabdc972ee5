import { artifactOf, manifestOf } from '../../../../lib/host/images/manifest';

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const layer = (mediaType: string, letter = 'a'): object => ({ mediaType, digest: digest(letter), size: 7 });
const par = 'application/vnd.wasmcloud.provider.archive.layer.v1+par';
const parConfig = { mediaType: 'application/vnd.wasmcloud.provider.archive.config' };
const tar = 'application/vnd.oci.image.layer.v1.tar';

describe('artifactOf', () => {
  it.each([
    ['application/wasm', {}, 'component'],
    ['application/vnd.module.wasm.content.layer.v1+wasm', {}, 'component'],
    [tar, {}, 'component'],
    [tar, parConfig, 'provider-archive'],
    [par, parConfig, 'provider-archive'],
  ])('takes %s with config %j as a %s', (mediaType, config, kind) => {
    expect(artifactOf('i', { config, layers: [layer(mediaType)] })).toEqual({
      kind,
      mediaType,
      digest: digest('a'),
      size: 7,
    });
  });

  it.each([
    [{ layers: [] }, 'has 0 layers'],
    [{ layers: [layer('application/wasm'), layer('application/wasm')] }, 'has 2 layers'],
    [
      { layers: [layer('application/vnd.oci.image.layer.v1.tar+gzip')] },
      'media type application/vnd.oci.image.layer.v1.tar+gzip',
    ],
    [{ layers: [{ mediaType: 'application/wasm', digest: 'sha256:../../x', size: 1 }] }, 'has 0 layers'],
    [null, 'has 0 layers'],
  ])('rejects %j', (json, message) => {
    expect(() => artifactOf('i', json)).toThrow(message);
    expect(() => artifactOf('i', json)).toThrow(expect.objectContaining({ reason: 'InvalidImage' }) as Error);
  });
});

describe('manifestOf', () => {
  const machine = { architecture: 'amd64', os: 'linux' };
  const entry = (letter: string, architecture?: string, os?: string): object => ({
    ...layer('application/vnd.oci.image.manifest.v1+json', letter),
    ...(architecture === undefined ? {} : { platform: { architecture, os } }),
  });

  it('chooses Wasm, then this machine, then the only one', () => {
    const native = entry('b', 'amd64', 'linux');
    expect(manifestOf('i', { manifests: [native, entry('c', 'wasm', 'wasip2')] }, machine)).toBe(digest('c'));
    expect(manifestOf('i', { manifests: [entry('d', 'arm64', 'linux'), native] }, machine)).toBe(digest('b'));
    expect(manifestOf('i', { manifests: [entry('e'), entry('f', 'unknown', 'unknown')] }, machine)).toBe(
      digest('e'),
    );
  });

  it('lists what is offered when nothing fits', () => {
    const manifests = [entry('d', 'arm64', 'linux'), entry('e', 's390x', 'linux')];
    expect(() => manifestOf('i', { manifests }, machine)).toThrow('index of linux/arm64, linux/s390x');
  });
});
