import * as pulumi from '@pulumi/pulumi';
import { App, Chart } from 'cdk8s';
import { ConfigMap, Secret } from 'cdk8s-plus-27';
import { deployChart, fromOutput, outputResolver } from 'kasmcloud/stacks';

const token = new pulumi.Config().requireSecret('token');

const app = new App({ resolvers: [outputResolver] });
const first = new Chart(app, 'first', { namespace: 'default' });
new ConfigMap(first, 'source', { metadata: { name: 'pulumi-source' }, data: { answer: '42' } });
const [source] = deployChart(first);
const uid = source?.metadata.apply((metadata) => (metadata as unknown as { uid: string }).uid);

const second = new Chart(app, 'second', { namespace: 'default' });
new Secret(second, 'secret', {
  metadata: { name: 'pulumi-secret' },
  stringData: { token: fromOutput(token) },
});
new ConfigMap(second, 'derived', {
  metadata: { name: 'pulumi-derived' },
  data: {
    uid: fromOutput(uid as pulumi.Output<string>),
    greeting: fromOutput(pulumi.interpolate`hush: ${token}`),
  },
});
deployChart(second);
