/** The arguments of every K3s server that is an API server and nothing else: no agent, no scheduler, no add-ons. */
export const k3sServerArgs: readonly string[] = [
  'server',
  '--disable-agent',
  '--disable=coredns,servicelb,traefik,local-storage,metrics-server',
  '--disable-scheduler',
  '--disable-cloud-controller',
  '--disable-network-policy',
  '--disable-helm-controller',
  '--disable-kube-proxy',
];
