import { GROUP, SYSTEM_NAMESPACE, hostLeaseName } from './names';
import type { RbacSubject } from './rbac';
import type { KubeObject, ResourceType } from './resource';

/** A ValidatingAdmissionPolicy or its binding. */
export interface AdmissionObject extends KubeObject {
  apiVersion: 'admissionregistration.k8s.io/v1';
  spec: Readonly<Record<string, unknown>>;
}

/** How the API server names the kind of an admission object. */
export function admissionResource({ kind }: AdmissionObject): ResourceType<AdmissionObject> {
  return {
    group: 'admissionregistration.k8s.io',
    version: 'v1',
    kind,
    plural: kind === 'ValidatingAdmissionPolicy' ? 'validatingadmissionpolicies' : `${kind.toLowerCase()}s`,
    namespaced: false,
  };
}

/** User of a host that is no pod: `kasmcloud:host:NAME`. */
export const HOST_USER_PREFIX = 'kasmcloud:host:';

/** Names of hosts that the one who asks may speak for. A pod's account tells its pod and node, which its token is bound to. */
const ownNames = `
(request.userInfo.username.startsWith('${HOST_USER_PREFIX}')
  ? [request.userInfo.username.substring(${HOST_USER_PREFIX.length})] : [])
+ ${extra('pod-name')}
+ ${extra('node-name')}`.trim();

function extra(claim: string): string {
  const key = `authentication.kubernetes.io/${claim}`;
  return `(has(request.userInfo.extra) && '${key}' in request.userInfo.extra ? request.userInfo.extra['${key}'] : [])`;
}

/** Whom a written object belongs to: of an actor or provider also the host that it was taken from, which says farewell. */
const owners = `
request.resource.resource == 'leases' ? [target.metadata.name.substring(${hostLeaseName('').length})]
: request.resource.resource == 'wasmcloudhosts' ? [target.metadata.name]
: (has(target.spec.host) ? [target.spec.host] : [])
  + (has(target.status) && has(target.status.hostName) ? [target.status.hostName] : [])`
  .trim()
  // An object that is being created has no former state, one that is being deleted no new one.
  .replaceAll('target', "(request.operation == 'CREATE' ? object : oldObject)");

const leaseIsAHosts = `request.resource.resource != 'leases' || (request.operation == 'CREATE' ? object : oldObject).metadata.name.startsWith('${hostLeaseName('')}')`;

/** What people set on a host: by taking off a taint, or with a label, one that was taken over could draw to itself what is to stay off it. */
const ofPeople = ['taints', 'labels', 'unschedulable', 'capacity', 'drain'];

const leavesToPeople = `
request.resource.resource != 'wasmcloudhosts' || request.operation == 'DELETE'
|| (request.operation == 'CREATE' ? !has(object.spec.labels)
  : ${JSON.stringify(ofPeople).replaceAll('"', "'")}.all(field,
      (field in object.spec) == (field in oldObject.spec)
      && (!(field in object.spec) || object.spec[field] == oldObject.spec[field])))`.trim();

/**
 * Narrows what RBAC grants to hosts: each writes only its own WasmCloudHost, without what people set on it, its own Lease, and the status of
 * what is bound to it. A host is
 * told by its user `kasmcloud:host:NAME`, or, where it has the name of its pod or node, by the token of its pod. Needs Kubernetes 1.30.
 *
 * @param subjects Who are hosts, as given to {@link rbacManifests}. Leave out who is a reconciler as well: that one writes the status of
 *   everything.
 * @param name Of the policy and its binding.
 */
export function hostAdmissionPolicy(
  subjects: readonly RbacSubject[],
  name = 'kasmcloud-hosts-write-their-own',
): AdmissionObject[] {
  return [
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name },
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: {
          resourceRules: [
            writes(GROUP, [
              'wasmcloudhosts',
              'wasmcloudhosts/status',
              'wasmcloudactors/status',
              'wasmcloudproviders/status',
            ]),
            writes('coordination.k8s.io', ['leases']),
          ],
          namespaceSelector: {},
        },
        matchConditions: [
          { name: 'by-a-host', expression: subjects.map(asks).join(' || ') || 'false' },
          {
            name: 'ours',
            expression: `request.resource.resource != 'leases' || request.namespace == '${SYSTEM_NAMESPACE}'`,
          },
        ],
        variables: [
          { name: 'own', expression: ownNames },
          { name: 'owners', expression: owners },
        ],
        validations: [
          {
            expression: `(${leaseIsAHosts}) && variables.owners.exists(owner, owner in variables.own)`,
            messageExpression: `'user ' + request.userInfo.username + ' speaks for host ' + (variables.own.size() > 0 ? variables.own.join(' or ') : '(none)') + ', not for the one that this object belongs to'`,
            reason: 'Forbidden',
          },
          {
            expression: leavesToPeople,
            message: `hosts do not set ${ofPeople.map((field) => `spec.${field}`).join(', ')} of themselves: that is for people`,
            reason: 'Forbidden',
          },
        ],
      },
    },
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name },
      spec: { policyName: name, validationActions: ['Deny'] },
    },
  ];
}

function writes(group: string, resources: readonly string[]): object {
  return {
    apiGroups: [group],
    apiVersions: ['*'],
    operations: ['CREATE', 'UPDATE', 'DELETE'],
    resources,
  };
}

/** CEL: whether the one who asks is this subject. */
function asks(subject: RbacSubject): string {
  if (subject.kind === 'Group') return `'${subject.name}' in request.userInfo.groups`;
  const user =
    subject.kind === 'ServiceAccount'
      ? `system:serviceaccount:${subject.namespace}:${subject.name}`
      : subject.name;
  return `request.userInfo.username == '${user}'`;
}
