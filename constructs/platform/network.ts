import type * as k8splus from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { kplus } from './kplus';
import { partLabels, partName } from './names';

/** Ports of a part by who may connect to them. */
export interface Reach {
  /** From pods of any namespace and from outside the cluster. */
  readonly anyone?: readonly number[];
  /** From pods of the same namespace. */
  readonly namespace?: readonly number[];
  /** From the other pods of the part. */
  readonly peers?: readonly number[];
}

/** Lets in what a part serves, and nothing else. What it connects to is not bounded. */
export function networkPolicy(part: Construct, app: string, workload: k8splus.Workload, reach: Reach): void {
  const policy = new kplus.NetworkPolicy(part, 'NetworkPolicy', {
    metadata: { name: partName(part), labels: partLabels(part, app) },
    selector: workload,
    ingress: { default: kplus.NetworkPolicyTrafficDefault.DENY },
  });
  const tcp = (ports: readonly number[]) => ports.map((port) => kplus.NetworkPolicyPort.tcp(port));
  const { anyone = [], namespace = [], peers = [] } = reach;
  if (anyone.length > 0) {
    policy.addIngressRule(kplus.NetworkPolicyIpBlock.anyIpv4(part, 'AnyIpv4'), tcp(anyone));
    policy.addIngressRule(kplus.NetworkPolicyIpBlock.anyIpv6(part, 'AnyIpv6'), tcp(anyone));
  }
  if (namespace.length > 0) policy.addIngressRule(kplus.Pods.all(part, 'NamespacePods'), tcp(namespace));
  if (peers.length > 0) policy.addIngressRule(workload, tcp(peers));
}
