import { rootOf } from '../../../../lib/host/providers/blobstore-fs';
import { natsBlobSettings } from '../../../../lib/host/providers/blobstore-nats';
import { bucketSettings } from '../../../../lib/host/providers/keyvalue-nats';
import { messagingSettings } from '../../../../lib/host/providers/messaging-nats';
import { redisTarget } from '../../../../lib/host/providers/redis-connection';

describe('settings as the documentation of wasmCloud writes them', () => {
  it('may be in any case of letters', () => {
    expect(bucketSettings({ BUCKET: 'carts', JS_DOMAIN: 'hub', Enable_Bucket_Auto_Create: 'TRUE' })).toEqual({
      bucket: 'carts',
      domain: 'hub',
      create: true,
    });
    expect(messagingSettings({ SUBSCRIPTIONS: 'orders' }, ['subscriptions'])).toEqual({
      subscriptions: 'orders',
    });
    expect(natsBlobSettings({ MAX_WRITE_WAIT: '5' })).toMatchObject({ ackMs: 5000 });
    expect(rootOf({ ROOT: 'images' }, '/data')).toBe('/data/images');
    expect(redisTarget({ Url: 'redis://cache:6380/3' })).toMatchObject({ database: '3' });
  });

  it('are refused where they ask for a connection of their own, or nobody reads them', () => {
    expect(() => bucketSettings({ CLUSTER_URI: 'nats://elsewhere' })).toThrow('cluster_uri is set');
    expect(() => messagingSettings({ SUBSCRIPTION: 'a' }, ['subscriptions'])).toThrow(
      'subscription: is no setting here',
    );
  });
});
