import { KeyPair } from '../../../lib/lattice/nkeys';
import * as subjects from '../../../lib/lattice/subjects';

const host = KeyPair.generate('host').publicKey;

describe('wRPC subjects', () => {
  it.each([
    ['wrpc:keyvalue/store@0.2.0-draft', 'get', 'default.kv.wrpc.0.0.1.wrpc:keyvalue/store@0.2.0-draft.get'],
    ['a:b/c', '[method]bucket.get', 'default.kv.wrpc.0.0.1.a:b/c.bucket.get'],
    ['a:b/c', '[static]bucket.open', 'default.kv.wrpc.0.0.1.a:b/c.bucket.open'],
    ['a:b/c', '[constructor]bucket', 'default.kv.wrpc.0.0.1.a:b/c.bucket'],
    ['', 'run', 'default.kv.wrpc.0.0.1.run'],
  ])('names %s %s', (instance, name, subject) => {
    expect(subjects.wrpcSubject('default', 'kv', instance, name)).toBe(subject);
  });

  it('shares a queue between replicas', () => expect(subjects.wrpcQueue('default', 'kv')).toBe('default.kv'));

  it.each(['a.b', '', '*', '>', 'a b'])('refuses the id "%s", which would change the subject', (id) => {
    expect(() => subjects.wrpcSubject('default', id, 'a:b/c', 'd')).toThrow(`Id "${id}"`);
    expect(() => subjects.wrpcQueue(id, 'a')).toThrow(`Lattice "${id}"`);
  });
});

describe('control subjects', () => {
  it.each([
    [{ operation: 'host.ping' }, 'wasmbus.ctl.v1.default.host.ping'],
    [{ operation: 'component.scale', hostId: host }, `wasmbus.ctl.v1.default.component.scale.${host}`],
    [{ operation: 'config.put', config: 'db' }, 'wasmbus.ctl.v1.default.config.put.db'],
  ] as [subjects.ControlTarget, string][])('writes and reads %j', (target, subject) => {
    expect(subjects.controlSubject('default', target)).toBe(subject);
    expect(subjects.parseControlSubject(subject)).toEqual({ lattice: 'default', ...target });
  });

  it.each([
    'wasmbus.ctl.v1.default.config.put.a.b',
    'wasmbus.ctl.v1.default.config.put',
    'wasmbus.ctl.v1.default.host.ping.extra',
    'wasmbus.ctl.v1.default.host.dance',
    'wasmbus.ctl.default.ping.hosts',
    'other.v1.default.host.ping',
  ])('does not know %s', (subject) => expect(subjects.parseControlSubject(subject)).toBeUndefined());

  it('takes another prefix', () => {
    const subject = subjects.controlSubject('l', { operation: 'link.get' }, 'my.ctl');
    expect(subject).toBe('my.ctl.v1.l.link.get');
    expect(subjects.parseControlSubject(subject, 'my.ctl')).toEqual({ lattice: 'l', operation: 'link.get' });
  });

  it('lists what a host subscribes to, each shared one in its queue', () => {
    const list = subjects.hostSubscriptions('l', host);
    expect(list).toContainEqual({ subject: `wasmbus.ctl.v1.l.component.*.${host}` });
    expect(list).toContainEqual({ subject: 'wasmbus.ctl.v1.l.link.*', queue: 'wasmbus.ctl.v1.l.link' });
    expect(list.filter(({ queue }) => queue !== undefined)).toHaveLength(3);
    expect(list).toHaveLength(11);
  });
});

it('names events and reads them back', () => {
  expect(subjects.eventSubject('l', 'host_started')).toBe('wasmbus.evt.l.host_started');
  expect(subjects.eventSubject('l', '*')).toBe('wasmbus.evt.l.*');
  expect(subjects.parseEventSubject('wasmbus.evt.l.host_started')).toEqual({
    lattice: 'l',
    name: 'host_started',
  });
  expect(subjects.parseEventSubject('wasmbus.ctl.l.host_started')).toBeUndefined();
});

it('names buckets and keys, and passes over the keys of older generations', () => {
  expect(subjects.latticeBucket('l')).toBe('LATTICEDATA_l');
  expect(subjects.configBucket('l')).toBe('CONFIGDATA_l');
  expect(subjects.parseLatticeKey(subjects.componentKey('http'))).toEqual({ kind: 'component', id: 'http' });
  expect(subjects.parseLatticeKey(subjects.claimsKey(host))).toEqual({ kind: 'claims', id: host });
  expect(subjects.parseLatticeKey('LINKDEF_x')).toBeUndefined();
});

it('names what a host sends to a provider, and the services beside the lattice', () => {
  expect(subjects.providerSubjects.shutdown('l', 'p')).toBe('wasmbus.rpc.l.p.default.shutdown');
  expect(subjects.providerSubjects.linkPut('l', 'XABC')).toBe('wasmbus.rpc.l.XABC.linkdefs.put');
  expect(subjects.providerSubjects.linkDelete('l', 'p')).toBe('wasmbus.rpc.l.p.linkdefs.del');
  expect(subjects.providerSubjects.health('l', 'p')).toBe('wasmbus.rpc.l.p.health');
  expect(subjects.providerSubjects.configUpdate('l', 'p')).toBe('wasmbus.rpc.l.p.config.update');
  expect(subjects.secretsSubjects.get('wasmcloud.secrets', 'vault')).toBe(
    'wasmcloud.secrets.v1alpha1.vault.get',
  );
  expect(subjects.configServiceSubject('l')).toBe('wasmbus.cfg.l.req');
  expect(subjects.wadmSubject('l', 'list')).toBe('wadm.api.l.model.list');
  expect(subjects.wadmSubject('l', 'deploy', 'app')).toBe('wadm.api.l.model.deploy.app');
});
