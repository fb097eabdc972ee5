import { configHash } from '../../../../lib/host/controllers/config';
import { endpointOf } from '../../../../lib/host/controllers/endpoint';

it('hashes values whatever their order, and needs the key', () => {
  expect(configHash({ a: '1', b: '2' }, 'key')).toBe(configHash({ b: '2', a: '1' }, 'key'));
  expect(configHash({ a: '1' }, 'key')).not.toBe(configHash({ a: '2' }, 'key'));
  expect(configHash({ a: '1' }, 'key')).not.toBe(configHash({ a: '1' }, 'other'));
});

it.each([
  ['http://0.0.0.0:8080', '10.0.0.1:8080'],
  ['http://[::]:8080', '10.0.0.1:8080'],
  ['http://127.0.0.1:8080', '127.0.0.1:8080'],
  ['http://[::1]:80', '[::1]:80'],
])('%s is reached at %s', (url, endpoint) => {
  expect(endpointOf(url, '10.0.0.1')).toBe(endpoint);
});

it('brackets an IPv6 address of the host', () => {
  expect(endpointOf('http://0.0.0.0:8080', 'fd00::1')).toBe('[fd00::1]:8080');
});
