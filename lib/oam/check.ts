import { isLocated } from '../api/image';
import { shown } from '../api/schema';
import { suggest } from '../api/suggest';
import {
  type Application,
  type Component,
  type LinkTrait,
  secretPolicyType,
  type SecretReference,
} from './application';
import { checkInterfaces } from './interfaces';
import type { Lattice } from './lattice';

/** Reports everything about the parts of an Application that do not fit together. */
export function checkApplication(application: Application, lattice: Lattice): void {
  refuseTwins(application);
  refuseAmbiguousConfig(application);
  for (const component of application.components) {
    lattice.checkShared(component);
    checkImage(component);
    for (const secret of component.secrets) checkSecret(secret, application);
    for (const link of component.links) checkLink(link, component, application);
    if (component.shared === undefined && component.role === 'actor' && component.scaler === undefined)
      component.at.warn(
        'has no spreadscaler or daemonscaler, without which wadm starts no component: it is imported with one instance',
      );
  }
  for (const policy of application.policies) {
    if (policy.type !== secretPolicyType)
      application.at
        .at('spec')
        .at('policies')
        .warn(`has ${policy.name} of type ${policy.type}, which does nothing: it is kept as an annotation`);
  }
}

function refuseTwins({ components }: Application): void {
  const names = new Set<string>();
  for (const { name, at } of components) {
    if (names.has(name))
      at.at('name').error(
        `must be that of one component only, got ${shown(name)} twice: choose another name`,
      );
    names.add(name);
  }
}

/** A configuration with properties is one thing in the lattice, by its name in the Application. */
function refuseAmbiguousConfig({ components }: Application): void {
  const linked = new Set<string>();
  for (const { source, destination } of components.flatMap(({ links }) => links)) {
    for (const { name, properties, at } of [...destination.config, ...source.config]) {
      if (properties === undefined) continue;
      if (linked.has(name))
        at.at('name').error(
          `must be that of one configuration only, got ${shown(name)} again: choose another name`,
        );
      linked.add(name);
    }
  }
}

function checkLink(link: LinkTrait, source: Component, application: Application): void {
  const names = application.components.map(({ name }) => name);
  const { target, at, namespace, package: pkg } = link;
  const field = typeof at.at('target').value === 'string' ? at.at('target') : at.at('target').at('name');
  if (!names.includes(target))
    field.error(`names no component of this application, got ${shown(target)}: ${suggest(target, names)}`);
  const destination = application.components.find(({ name }) => name === target);
  if (source.role === 'provider' && destination?.role === 'provider' && destination !== source)
    field.warn(`links a provider to a provider, ${target}, which wadm does not do: it is imported as a link`);
  checkInterfaces(link);
  for (const secret of [...link.source.secrets, ...link.destination.secrets])
    checkSecret(secret, application);
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(namespace))
    at.at('namespace').error(
      `is no WIT name, got ${shown(namespace)}: use lower-case words with dashes between them`,
    );
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(pkg))
    at.at('package').error(
      `is no WIT name, got ${shown(pkg)}: use lower-case words with dashes between them`,
    );
}

function checkSecret({ name, policy, at }: SecretReference, { policies }: Application): void {
  const field = at.at('properties').at('policy');
  const found = policies.find((each) => each.name === policy);
  if (found === undefined)
    field.error(
      `names no policy of this application, got ${shown(policy)}: ${suggest(
        policy,
        policies.map((each) => each.name),
      )}`,
    );
  else if (found.type !== secretPolicyType)
    field.error(
      `names a policy of type ${found.type} for the secret ${name}, got ${shown(policy)}: name one of type ${secretPolicyType}`,
    );
  else if (found.properties['backend'] === undefined)
    field.error(
      `names a policy without a backend for the secret ${name}, got ${shown(policy)}: give it the property backend`,
    );
}

function checkImage({ image, at }: Component): void {
  const field = at.at('properties').at('image');
  if (image === undefined) return;
  const file = /^file:\/\/(.*)$/.exec(image)?.[1];
  if (file !== undefined) {
    const remedy = file.startsWith('/')
      ? 'only a host on which that file is, and that allows files, can run it: publish it to a registry for all others'
      : 'it is relative to where people deploy, which a host does not know: publish it to a registry, or give an absolute path';
    field.warn(`is a file, got ${shown(image)}; ${remedy}`);
  } else if (!isLocated(image)) {
    field.warn(
      `names no registry, got ${shown(image)}, and there is no default one: put it in front, as in registry.example/${image}`,
    );
  }
}
