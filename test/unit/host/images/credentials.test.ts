import { matchCredentials, readPullSecret } from '../../../../lib/host/images/credentials';
import { parseReference, type OciReference } from '../../../../lib/host/images/reference';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const secret = (auths: Record<string, unknown>): Record<string, string> => ({
  '.dockerconfigjson': base64(JSON.stringify({ auths })),
});
const login = (username: string): { auth: string } => ({ auth: base64(`${username}:pass:word`) });
const matched = (image: string, auths: Record<string, unknown>): (string | undefined)[] =>
  matchCredentials(parseReference(image) as OciReference, [readPullSecret('pull', secret(auths))]).map(
    ({ username }) => username,
  );

describe('readPullSecret', () => {
  it('reads name and password from either spelling', () => {
    const read = readPullSecret(
      'pull',
      secret({ 'a.example': login('ann'), 'b.example': { username: 'bob', password: 'secret' } }),
    );
    expect(Object.fromEntries(read)).toEqual({
      'a.example': { username: 'ann', password: 'pass:word' },
      'b.example': { username: 'bob', password: 'secret' },
    });
  });

  it('reads tokens and the older form without auths', () => {
    const legacy = { '.dockercfg': base64(JSON.stringify({ 'a.example': { identitytoken: 't' } })) };
    expect(Object.fromEntries(readPullSecret('pull', legacy))).toEqual({
      'a.example': { identityToken: 't' },
    });
  });

  it('names the Secret and never quotes its content', () => {
    expect(() => readPullSecret('ns/pull', undefined)).toThrow('Secret ns/pull has no key .dockerconfigjson');
    const broken = { '.dockerconfigjson': base64('hunter2') };
    expect(() => readPullSecret('ns/pull', broken)).toThrow('Secret ns/pull holds no JSON');
    expect(() => readPullSecret('ns/pull', broken)).not.toThrow('hunter2');
  });
});

describe('matchCredentials', () => {
  it('prefers the longest path and ignores other registries', () => {
    const auths = {
      'r.example': login('host'),
      'r.example/team': login('team'),
      'x.example': login('other'),
    };
    expect(matched('r.example/team/app', auths)).toEqual(['team', 'host']);
    expect(matched('r.example/teamwork/app', auths)).toEqual(['host']);
  });

  it('tells ports apart and expands stars within one label', () => {
    expect(
      matched('r.example:5000/app', { 'r.example': login('plain'), 'r.example:5000': login('port') }),
    ).toEqual(['port']);
    expect(matched('a.r.example/app', { '*.r.example': login('star') })).toEqual(['star']);
    expect(matched('a.b.r.example/app', { '*.r.example': login('star') })).toEqual([]);
  });

  it('knows how old tools spell a registry', () => {
    expect(matched('r.example/hello', { 'https://r.example/v1/': login('old') })).toEqual(['old']);
  });
});
