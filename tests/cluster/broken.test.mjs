// Deploys that are broken, each told soon with its cause, exit code and log line. All at once, each in a namespace of its
// own; that there is no metrics API is in whole_cluster.test.mjs.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { temporaryFolder } from '../support/cleanup.mjs';
import { attempts, patched, server, told } from './support/attempt.mjs';
import { pushImage } from './support/image.mjs';
import { kit } from './support/kit.mjs';

const cluster = kit();
const attempt = attempts(cluster);

describe('a broken deploy', { skip: cluster.skip, concurrency: 6 }, () => {
  before(() => attempt.prepare());

  const missing = `sha256:${'0'.repeat(64)}`;
  for (const [name, wish, cause, exit, words] of [
    ['an image that the registry has not', () => ({ reference: attempt.image.replace(/@.*/, `@${missing}`) }), 'IMAGE_NOT_FOUND', 6, /no .*image|not/i],
    ['an image name with a mistake, seen by the cluster', () => ({ patch: server({ image: `${cluster.registry}/waaft-brokn:1` }) }), 'IMAGE_NOT_FOUND', 8, /waaft-brokn/],
    ['a crash at the start', () => ({ patch: server({ args: ['--config=/nowhere.yaml'] }) }), 'CRASH_EXIT', 8, /nowhere\.yaml/],
    // With as many shards it needs a hundred: alone it would fit.
    ['too little memory', () => ({ patch: server({ env: [{ name: 'WAAFT_LISTEN_SHARDS', value: '64' }],
      resources: { requests: { memory: '8Mi' }, limits: { memory: '8Mi' } } }) }), 'OOM', 8, /out of memory/],
    ['a readiness check that fails', () => ({ patch: server({ readinessProbe: { httpGet: { path: '/nothing', port: 'ops' } } }) }), 'PROBE', 8, /[Rr]eadiness/],
    ['a secret that is not there', () => ({ patch: server({ env: [{ name: 'WAAFT_TEST', valueFrom: { secretKeyRef: { name: 'absent', key: 'a' } } }] }) }), 'CONFIG_MISSING', 8, /absent/],
    ['more CPU than any node has', () => ({ yaml: 'resources: {cpu: "500"}' }), 'UNSCHEDULABLE_CPU', 8, /Insufficient cpu/],
    ['a pod that Pod Security refuses', () => ({ patch: patched({ hostNetwork: true }) }), 'ADMISSION_PSS', 8, /violates PodSecurity/],
  ]) {
    test(`${name}: ${cause}`, async (t) => {
      const namespace = await cluster.namespace(t);
      told(await attempt.deploy(t, namespace, wish()), cause, exit, words);
    });
  }

  test('a registry password that is wrong: IMAGE_AUTH', { skip: !cluster.secured && 'no registry with a login' }, async (t) => {
    const namespace = await cluster.namespace(t);
    const done = await attempt.deploy(t, namespace, { patch: server({ image: `${cluster.secured}/waaft-attempt:1` }),
      yaml: 'imagePull: {user: robot, password: {env: WRONG_PASSWORD}}', env: { WRONG_PASSWORD: 'wrong' } });
    told(done, 'IMAGE_AUTH', 8, /401|unauthorized|authentication/i);
    assert.doesNotMatch(done.stdout + done.stderr, /"wrong"/);
  });

  test('another processor: IMAGE_ARCH before anything changes', async (t) => {
    const namespace = await cluster.namespace(t);
    const reference = await pushImage(cluster.registry, { repository: 'waaft-broken-arch', config: { architecture: 's390x' } });
    told(await attempt.deploy(t, namespace, { reference }), 'IMAGE_ARCH', 5, /s390x/);
    assert.deepEqual((await cluster.get(namespace, 'deployments,services,leases')).items, []);
  });

  test('a quota without room: QUOTA', async (t) => {
    const namespace = await cluster.namespace(t);
    await cluster.kubectl(['create', 'quota', 'small', '-n', namespace, '--hard=pods=0']);
    told(await attempt.deploy(t, namespace), 'QUOTA', 8, /exceeded quota/);
  });

  test('no rights: FORBIDDEN with what is missing, and nothing changed', async (t) => {
    const namespace = await cluster.namespace(t);
    await cluster.kubectl(['create', 'serviceaccount', 'guest', '-n', namespace]);
    const config = JSON.parse(await cluster.kubectl(['config', 'view', '--raw', '--minify', '-o', 'json']));
    config.users[0].user = { token: (await cluster.kubectl(['create', 'token', 'guest', '-n', namespace])).trim() };
    const folder = temporaryFolder(t, 'waaft-broken-');
    writeFileSync(join(folder, 'kubeconfig'), JSON.stringify(config), { mode: 0o600 });
    told(await attempt.deploy(t, namespace, { env: { KUBECONFIG: join(folder, 'kubeconfig') } }), 'FORBIDDEN', 4, /patch deployments\.apps/);
  });
});
