import { parseChallenges } from '../../../../lib/host/images/registry-auth';

it('reads several challenges with quoted and plain parameters', () => {
  expect(
    parseChallenges(
      'Basic realm="a, b", Bearer realm="https://auth.example/token",service=reg,scope="repository:a:pull,push"',
    ),
  ).toEqual([
    { scheme: 'basic', parameters: { realm: 'a, b' } },
    {
      scheme: 'bearer',
      parameters: { realm: 'https://auth.example/token', service: 'reg', scope: 'repository:a:pull,push' },
    },
  ]);
});

it.each(['', 'Negotiate', '="x"', 'x="y"'])('survives %j', (header) => {
  expect(() => parseChallenges(header)).not.toThrow();
});

it('unescapes quotes', () => {
  expect(parseChallenges('Bearer realm="a\\"b"')).toEqual([
    { scheme: 'bearer', parameters: { realm: 'a"b' } },
  ]);
});
