import { isWitError } from '../../../../lib/host/engine/engine';
import { Fields, declaredLength, visible } from '../../../../lib/host/wasi/http/fields';

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));
const texts = (values: Uint8Array[]): string[] =>
  values.map((value) => Buffer.from(value).toString('latin1'));

function refusal(attempt: () => void): unknown {
  try {
    attempt();
  } catch (error) {
    if (isWitError(error)) return error.payload;
    throw error;
  }
  return 'accepted';
}

describe('Fields', () => {
  it('keeps every value of a name, whatever its case', () => {
    const fields = new Fields();
    fields.append('X-Tag', bytes('one'));
    fields.append('x-tag', bytes('tw\xf6'));
    expect(texts(fields.get('X-TAG'))).toEqual(['one', 'tw\xf6']);
    fields.set('x-tag', [bytes('three')]);
    expect(fields.entries().map(([name]) => name)).toEqual(['x-tag']);
    fields.delete('X-Tag');
    expect(fields.has('x-tag')).toBe(false);
  });

  it.each([
    ['transfer-encoding', 'chunked', { tag: 'forbidden' }],
    ['Host', 'elsewhere', { tag: 'forbidden' }],
    ['bad name', 'x', { tag: 'invalid-syntax' }],
    ['', 'x', { tag: 'invalid-syntax' }],
    ['x-split', 'a\r\nset-cookie: b', { tag: 'invalid-syntax' }],
    ['x-null', 'a\0b', { tag: 'invalid-syntax' }],
    ['x-fine', 'a\tb', 'accepted'],
  ])('judges %j: %j', (name, value, verdict) => {
    expect(refusal(() => new Fields().append(name, bytes(value)))).toEqual(verdict);
  });

  it('leaves the old values where a new one is refused', () => {
    const fields = Fields.fromList([['x-a', bytes('old')]]);
    expect(refusal(() => fields.set('x-a', [bytes('fine'), bytes('not\nfine')]))).toEqual({
      tag: 'invalid-syntax',
    });
    expect(texts(fields.get('x-a'))).toEqual(['old']);
  });

  it('cannot be changed once it is frozen, but its clone can', () => {
    const frozen = Fields.frozen(['a', '1']);
    expect(refusal(() => frozen.delete('a'))).toEqual({ tag: 'immutable' });
    const clone = frozen.clone();
    clone.append('b', bytes('2'));
    expect(frozen.has('b')).toBe(false);
  });
});

describe('What a guest sees of the headers that arrived', () => {
  it('is everything but what belongs to the connection', () => {
    const raw = ['Host', 'a', 'Accept', '*/*', 'Connection', 'keep-alive', 'X-A', '1'];
    expect(visible(raw)).toEqual(['Accept', '*/*', 'X-A', '1']);
  });
});

describe('The declared length of a body', () => {
  it.each([
    [['x', '1'], undefined],
    [['Content-Length', '12'], 12],
    [['content-length', '1', 'Content-Length', '1'], NaN],
    [['content-length', '-1'], NaN],
    [['content-length', '1e3'], NaN],
    [['content-length', ''], NaN],
  ])('of %j is %p', (raw, length) => {
    expect(declaredLength(raw)).toBe(length);
  });
});
