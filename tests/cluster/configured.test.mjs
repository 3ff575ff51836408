// What `waaft manifests` prints for a project with much in it runs as it is: under another name, behind a
// proxy, with a disk for each pod, a secret made by somebody else, and settings of its own.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../support/cleanup.mjs';
import { ready } from './support/apply.mjs';
import { pushImage } from './support/image.mjs';
import { kit } from './support/kit.mjs';

const cluster = kit();

const project = (storageClass) => `
name: studio
domain: live.example.org
expose: {mode: none}
resources: {cpu: 50m, memory: 64Mi, memoryLimit: 256Mi}
autoscaling: {min: 1, max: 2, cpu: 60}
drain: {grace: 30s, preStop: 1s}
storage: {class: ${storageClass}, size: 1Gi}
secrets:
  ice.turn_secret: {existing: turn/shared}
patches: [labels.yaml]
serve:
  ice: {turn: ["turn:turn.example.org:3478"]}
`;
const patch = `
kind: Deployment
metadata: {name: studio}
spec: {template: {metadata: {labels: {team: live}}}}
`;

async function defaultClass() {
  const { items } = JSON.parse(await cluster.kubectl(['get', 'storageclass', '-o', 'json']));
  return items.find((each) => each.metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true')?.metadata.name;
}

test('a project with much in it runs as `waaft manifests` prints it', { skip: cluster.skip }, async (t) => {
  const namespace = await cluster.namespace(t);
  const cwd = temporaryFolder(t);
  const storageClass = await defaultClass();
  assert.ok(storageClass, 'the cluster has a default StorageClass');
  writeFileSync(join(cwd, 'waaft.yaml'), project(storageClass));
  writeFileSync(join(cwd, 'labels.yaml'), patch);
  await cluster.kubectl(['create', 'secret', 'generic', 'turn', '-n', namespace, '--from-literal=shared=a-shared-secret']);

  const image = await pushImage(cluster.registry, { repository: 'waaft-test-configured' });
  const printed = await cluster.waaft(['manifests', '--image', image], { cwd });
  assert.equal(printed.code, 0, printed.stderr);
  assert.doesNotMatch(printed.stdout, /a-shared-secret/);
  await cluster.kubectl(['apply', '-n', namespace, '-f', '-'], { input: printed.stdout });
  await ready(cluster, namespace, 1, 'studio');

  const [pod] = (await cluster.get(namespace, 'pods', '-l', 'app.kubernetes.io/instance=studio,team=live')).items;
  assert.equal(pod.spec.containers[0].image, image);
  assert.equal(pod.metadata.labels.team, 'live');
  const claims = (await cluster.get(namespace, 'pvc')).items;
  assert.deepEqual(claims.map((each) => [each.status.phase, each.spec.storageClassName]), [['Bound', storageClass], ['Bound', storageClass]]);
  assert.ok((await cluster.get(namespace, 'secret', 'studio-cluster')).data.secret);
  const services = (await cluster.get(namespace, 'services')).items;
  assert.deepEqual(services.map((each) => [each.metadata.name, each.spec.type]), [['studio', 'ClusterIP'], ['studio-redis', 'ClusterIP']]);
});
