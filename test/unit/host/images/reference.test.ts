import {
  defaultPullPolicy,
  parseReference,
  repositoryOf,
  type OciReference,
} from '../../../../lib/host/images/reference';

const sha = `sha256:${'a'.repeat(64)}`;

describe('parseReference', () => {
  it.each([
    ['registry.example/hello', 'registry.example', 'hello', 'latest', undefined],
    ['localhost/hello:v1', 'localhost', 'hello', 'v1', undefined],
    ['registry.example:5000/a/b/c:V_1.0-x', 'registry.example:5000', 'a/b/c', 'V_1.0-x', undefined],
    ['[::1]:5000/hello', '[::1]:5000', 'hello', 'latest', undefined],
    ['oci://registry.example/hello:2', 'registry.example', 'hello', '2', undefined],
    [`registry.example/hello@${sha}`, 'registry.example', 'hello', undefined, sha],
    [`registry.example/hello:1@${sha}`, 'registry.example', 'hello', '1', sha],
  ])('reads %s', (text, registry, repository, tag, digest) => {
    expect(parseReference(text)).toEqual({
      kind: 'oci',
      text,
      registry,
      repository,
      ...(tag === undefined ? {} : { tag }),
      ...(digest === undefined ? {} : { digest }),
    });
  });

  it('reads files and parts of the host', () => {
    expect(parseReference('file:///tmp/a%20b.wasm')).toMatchObject({ kind: 'file', path: '/tmp/a b.wasm' });
    expect(parseReference('builtin://http-server')).toMatchObject({ kind: 'builtin', name: 'http-server' });
    expect(parseReference('wasmcloud+builtin://http-server')).toMatchObject({ name: 'http-server' });
  });

  it.each([
    ['', 'names no registry'],
    ['hello', 'names no registry'],
    ['team/hello:1.0', 'Write REGISTRY/team/hello:1.0'],
    [`hello@${sha}`, 'names no registry'],
    ['registry.example/', 'repository ""'],
    ['registry.example/Hello', 'repository "Hello"'],
    ['registry.example/hello:', 'tag ""'],
    ['registry.example/hello:-x', 'tag "-x"'],
    ['registry.example/../hello', 'repository "../hello"'],
    ['registry.example/hello@sha256:abc', 'digest "sha256:abc"'],
    [`registry.example/hello@${sha}@${sha}`, 'digest'],
    ['bad_host.example:1/hello', 'registry "bad_host.example:1"'],
    ['https://registry.example/hello', 'scheme https://'],
    ['file://elsewhere/a.wasm', 'names no file'],
  ])('rejects %j and says what is wrong', (text, part) => {
    expect(() => parseReference(text)).toThrow(expect.objectContaining({ reason: 'InvalidImage' }) as Error);
    expect(() => parseReference(text)).toThrow(part);
  });
});

describe('defaultPullPolicy', () => {
  it.each([
    ['registry.example/hello', 'Always'],
    ['registry.example/hello:latest', 'Always'],
    ['registry.example/hello:1', 'IfNotPresent'],
    [`registry.example/hello:latest@${sha}`, 'IfNotPresent'],
    ['file:///a.wasm', 'IfNotPresent'],
  ])('%s → %s', (text, policy) => {
    expect(defaultPullPolicy(parseReference(text))).toBe(policy);
  });
});

it('names a repository with its registry', () => {
  expect(repositoryOf(parseReference('registry.example:1/a/b:c') as OciReference)).toBe(
    'registry.example:1/a/b',
  );
});
