// The folder manifests/ in a namespace, as somebody without waaft would apply it.
import { join } from 'node:path';
import { root, until } from './kit.mjs';

export const folder = join(root, 'manifests');

const address = (service) => service.status.loadBalancer?.ingress?.[0]?.ip;

// With the one field changed that must be, the image, and requests for a small node. Answers the address
// once `replicas` pods are ready.
export async function applyFolder(cluster, namespace, image, replicas = 1) {
  await cluster.kubectl(['apply', '-n', namespace, '-f', folder]);
  const spec = {
    initContainers: [{ name: 'cluster-init', image }],
    containers: [{ name: 'server', image, resources: { requests: { cpu: '50m', memory: '64Mi' } } }],
  };
  await cluster.kubectl(['patch', '-n', namespace, 'deployment', 'waaft', '-p', JSON.stringify({ spec: { template: { spec } } })]);
  const redis = await cluster.redisImage();
  if (redis) {
    const containers = [{ name: 'redis', image: redis }];
    await cluster.kubectl(['patch', '-n', namespace, 'statefulset', 'waaft-redis', '-p', JSON.stringify({ spec: { template: { spec: { containers } } } })]);
  }
  await scaleTo(cluster, namespace, replicas);
  await ready(cluster, namespace, replicas);
  return until(`an address of ${namespace}`, async () => address(await cluster.get(namespace, 'service', 'waaft')));
}

// That many and no more: what a server takes at its start on a busy machine shall not bring another one.
export const scaleTo = (cluster, namespace, replicas) =>
  cluster.kubectl(['patch', '-n', namespace, 'hpa', 'waaft', '-p', JSON.stringify({ spec: { minReplicas: replicas, maxReplicas: replicas } })]);

// Waits until that many pods are ready, and all of them are of the newest version.
export function ready(cluster, namespace, replicas, name = 'waaft') {
  return until(`${replicas} ready pods of ${name} in ${namespace}`, async () => {
    const { status, metadata } = await cluster.get(namespace, 'deployment', name);
    return status.observedGeneration === metadata.generation && status.replicas === status.updatedReplicas &&
      status.updatedReplicas >= replicas && status.readyReplicas >= replicas;
  });
}

export const serverPods = async (cluster, namespace) =>
  (await cluster.get(namespace, 'pods', '-l', 'app.kubernetes.io/name=waaft,app.kubernetes.io/component=server')).items
    .filter((pod) => !pod.metadata.deletionTimestamp).map((pod) => pod.metadata.name);
