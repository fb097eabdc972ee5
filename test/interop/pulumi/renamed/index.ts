import * as pulumi from '@pulumi/pulumi';
import { App, Chart } from 'cdk8s';
import { ConfigMap } from 'cdk8s-plus-27';
import { Actor } from 'kasmcloud';
import { deployChart, deployCrds, LatticeStack, outputResolver } from 'kasmcloud/stacks';

const config = new pulumi.Config();
const name = config.require('name');
const former = config.get('former');
const aliases = former === undefined ? [] : [{ name: former }];

new LatticeStack(
  name,
  {
    namespace: 'renamed',
    awaitReady: false,
    declare: (lattice) => void new Actor(lattice, 'cart', { image: 'registry.example/cart:1.0' }),
  },
  {
    aliases,
    dependsOn: deployCrds(),
    transforms: [
      ({ type, props, opts }) => {
        if (!type.endsWith(':WasmCloudActor')) return undefined;
        const { metadata } = props as { metadata: { labels?: object } };
        return {
          props: { ...props, metadata: { ...metadata, labels: { ...metadata.labels, team: 'shop' } } },
          opts,
        };
      },
    ],
  },
);

const chart = new Chart(new App({ resolvers: [outputResolver] }), 'chart', { namespace: 'default' });
new ConfigMap(chart, 'map', { metadata: { name: 'pulumi-renamed' }, data: { answer: '42' } });
deployChart(chart, { prefix: name, aliases });
