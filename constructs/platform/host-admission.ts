import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import { hostAdmissionPolicy } from '../../lib/api/admission';
import { dropNamespace } from '../kasm-object';
import { partLabels, partNamespace } from './names';

/** Holds the pods of a ServiceAccount to what belongs to the hosts that they are, beside what RBAC grants them. */
export function confineHosts(scope: Construct, serviceAccount: string): void {
  const namespace = partNamespace(scope);
  const policy = `kasmcloud-hosts-write-their-own.${namespace}.${serviceAccount}`;
  const subject = { kind: 'ServiceAccount', name: serviceAccount, namespace } as const;
  for (const { apiVersion, kind, metadata, spec } of hostAdmissionPolicy([subject], policy))
    dropNamespace(
      new ApiObject(scope, kind, {
        apiVersion,
        kind,
        metadata: { ...metadata, labels: partLabels(scope, 'kasmcloud-host') },
        spec,
      }),
    );
}
