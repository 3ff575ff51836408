// Kinds that a cluster may lack, added for one test by a structural definition of the test's own.
import { cleanUp } from '../../support/cleanup.mjs';
import { deadlineMs, waitOption } from './kit.mjs';

export const map = (properties, required = []) => ({ type: 'object', properties, ...(required.length > 0 && { required }) });

const definition = ([group, version, kind, plural, spec]) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  // Without this word Kubernetes keeps groups under k8s.io for itself.
  metadata: { name: `${plural}.${group}`, annotations: { 'api-approved.kubernetes.io': 'unapproved, for a test' } },
  spec: {
    group,
    scope: 'Namespaced',
    names: { kind, plural, singular: kind.toLowerCase() },
    versions: [{ name: version, served: true, storage: true, schema: { openAPIV3Schema: map({ spec }) } }],
  },
});

// `kinds` are [group, version, kind, plural, schema of spec]. Those that the cluster has already are left alone; the
// others go after the test.
export async function addKinds(t, cluster, kinds) {
  const present = JSON.parse(await cluster.kubectl(['get', 'crd', '-o', 'json'])).items.map((each) => each.metadata.name);
  const missing = kinds.map(definition).filter((each) => !present.includes(each.metadata.name));
  if (missing.length === 0) return;
  cleanUp(t, 'kinds of the test\'s own', () => cluster.kubectl(['delete', 'crd', '--ignore-not-found', ...missing.map((each) => each.metadata.name)]), deadlineMs);
  await cluster.kubectl(['create', '-f', '-'], { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: missing }) });
  await cluster.kubectl(['wait', '--for=condition=Established', waitOption, ...missing.map((each) => `crd/${each.metadata.name}`)]);
}
