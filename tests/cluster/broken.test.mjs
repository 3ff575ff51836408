// Deploys that are broken, each told soon with its cause, exit code and log line; and slow ones that are healthy
// and must succeed. All at once, each in a namespace of its own.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { pushImage } from './support/image.mjs';
import { kit, until } from './support/kit.mjs';

const cluster = kit();
let context;
let image;

const patched = (pod) => `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: waaft}\nspec: {template: {spec: ${JSON.stringify(pod)}}}\n`;
const server = (fields) => patched({ containers: [{ name: 'server', ...fields }] });

// Runs one deploy in `namespace`; {code, stdout, stderr, result}.
async function deploy(t, namespace, { patch, yaml = '', reference = image, args = [], env, started } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'waaft-broken-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  if (patch) writeFileSync(join(folder, 'patch.yaml'), patch);
  writeFileSync(join(folder, 'waaft.yaml'), `cluster: {context: ${context}, namespace: ${namespace}}\n` +
    `${yaml.includes('resources:') ? '' : 'resources: {cpu: 50m}\n'}${yaml}\n${patch ? 'patches: [patch.yaml]\n' : ''}`);
  const done = await cluster.waaft(['deploy', '--image', reference, '--output', 'json', '--probe', 'off',
    '--evidence', folder, ...args], { cwd: folder, env, started, timeout: 240_000 });
  try {
    return { ...done, result: JSON.parse(done.stdout) };
  } catch {
    assert.fail(`no JSON: ${done.stdout} ${done.stderr}`);
  }
}

function told({ code, stderr, result }, cause, exit, words) {
  assert.equal(result.causes?.[0]?.code, cause, stderr);
  assert.equal(code, exit, stderr);
  assert.equal(result.exit, exit);
  const { message, events = [], log_tail: log = [] } = result.causes[0];
  assert.match([message, ...events, ...log].join('\n'), words);
}

describe('a broken deploy', { skip: cluster.skip, concurrency: 6 }, () => {
  before(async () => {
    context = (await cluster.kubectl(['config', 'current-context'])).trim();
    image = await pushImage(cluster.registry, { repository: 'waaft-broken' });
  });

  const missing = `sha256:${'0'.repeat(64)}`;
  for (const [name, wish, cause, exit, words] of [
    ['an image that the registry has not', () => ({ reference: image.replace(/@.*/, `@${missing}`) }), 'IMAGE_NOT_FOUND', 6, /no .*image|not/i],
    ['an image name with a mistake, seen by the cluster', () => ({ patch: server({ image: `${cluster.registry}/waaft-brokn:1` }) }), 'IMAGE_NOT_FOUND', 8, /waaft-brokn/],
    ['a crash at the start', () => ({ patch: server({ args: ['--config=/nowhere.yaml'] }) }), 'CRASH_EXIT', 8, /nowhere\.yaml/],
    ['too little memory', () => ({ patch: server({ resources: { requests: { memory: '8Mi' }, limits: { memory: '8Mi' } } }) }), 'OOM', 8, /out of memory/],
    ['a readiness check that fails', () => ({ patch: server({ readinessProbe: { httpGet: { path: '/nothing', port: 'ops' } } }) }), 'PROBE', 8, /[Rr]eadiness/],
    ['a secret that is not there', () => ({ patch: server({ env: [{ name: 'WAAFT_TEST', valueFrom: { secretKeyRef: { name: 'absent', key: 'a' } } }] }) }), 'CONFIG_MISSING', 8, /absent/],
    ['more CPU than any node has', () => ({ yaml: 'resources: {cpu: "500"}' }), 'UNSCHEDULABLE_CPU', 8, /Insufficient cpu/],
    ['a pod that Pod Security refuses', () => ({ patch: patched({ hostNetwork: true }) }), 'ADMISSION_PSS', 8, /violates PodSecurity/],
  ]) {
    test(`${name}: ${cause}`, async (t) => {
      const namespace = await cluster.namespace(t);
      told(await deploy(t, namespace, wish()), cause, exit, words);
    });
  }

  test('a registry password that is wrong: IMAGE_AUTH', { skip: !cluster.secured && 'no registry with a login' }, async (t) => {
    const namespace = await cluster.namespace(t);
    const done = await deploy(t, namespace, { patch: server({ image: `${cluster.secured}/waaft-broken:1` }),
      yaml: 'imagePull: {user: robot, password: {env: WRONG_PASSWORD}}', env: { WRONG_PASSWORD: 'wrong' } });
    told(done, 'IMAGE_AUTH', 8, /401|unauthorized|authentication/i);
    assert.doesNotMatch(done.stdout + done.stderr, /"wrong"/);
  });

  test('another processor: IMAGE_ARCH before anything changes', async (t) => {
    const namespace = await cluster.namespace(t);
    const reference = await pushImage(cluster.registry, { repository: 'waaft-broken-arch', config: { architecture: 's390x' } });
    told(await deploy(t, namespace, { reference }), 'IMAGE_ARCH', 5, /s390x/);
    assert.deepEqual((await cluster.get(namespace, 'deployments,services,leases')).items, []);
  });

  test('a quota without room: QUOTA', async (t) => {
    const namespace = await cluster.namespace(t);
    await cluster.kubectl(['create', 'quota', 'small', '-n', namespace, '--hard=pods=0']);
    told(await deploy(t, namespace), 'QUOTA', 8, /exceeded quota/);
  });

  test('no rights: FORBIDDEN with what is missing, and nothing changed', async (t) => {
    const namespace = await cluster.namespace(t);
    await cluster.kubectl(['create', 'serviceaccount', 'guest', '-n', namespace]);
    const config = JSON.parse(await cluster.kubectl(['config', 'view', '--raw', '--minify', '-o', 'json']));
    config.users[0].user = { token: (await cluster.kubectl(['create', 'token', 'guest', '-n', namespace])).trim() };
    const folder = mkdtempSync(join(tmpdir(), 'waaft-broken-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(join(folder, 'kubeconfig'), JSON.stringify(config), { mode: 0o600 });
    told(await deploy(t, namespace, { env: { KUBECONFIG: join(folder, 'kubeconfig') } }), 'FORBIDDEN', 4, /patch deployments\.apps/);
  });
});

describe('a slow deploy that is healthy', { skip: cluster.skip, concurrency: 3 }, () => {
  before(async () => {
    context ??= (await cluster.kubectl(['config', 'current-context'])).trim();
    image ??= await pushImage(cluster.registry, { repository: 'waaft-broken' });
  });

  test('an address that comes late', async (t) => {
    const namespace = await cluster.namespace(t);
    const done = deploy(t, namespace, { yaml: 'expose: {annotations: {kubekit/pending: "true"}}' });
    await until('the Service is there', async () =>
      (await cluster.kubectl(['get', 'service', 'waaft', '-n', namespace], { check: false })).code === 0);
    await cluster.kubectl(['annotate', 'service', 'waaft', '-n', namespace, 'kubekit/pending-']);
    const { code, stderr } = await done;
    assert.equal(code, 0, stderr);
  });

  test('a pod that waits for a node to become free', async (t) => {
    const namespace = await cluster.namespace(t);
    const label = `waaft-test/${namespace}`;
    const [node] = (await cluster.get('', 'nodes')).items;
    t.after(() => cluster.kubectl(['label', 'node', node.metadata.name, `${label}-`]));
    const done = deploy(t, namespace, { patch: patched({ nodeSelector: { [label]: 'yes' } }) });
    await until('the pod is refused by the scheduler', async () => (await cluster.get(namespace, 'pods')).items
      .some(({ status }) => status.conditions?.some(({ reason }) => reason === 'Unschedulable')));
    await cluster.kubectl(['label', 'node', node.metadata.name, `${label}=yes`]);
    const { code, stderr } = await done;
    assert.equal(code, 0, stderr);
  });

  test('old pods that take their time to go', async (t) => {
    const namespace = await cluster.namespace(t);
    const slow = (value) => patched({ terminationGracePeriodSeconds: 300,
      containers: [{ name: 'server', env: [{ name: 'WAAFT_TEST', value }], lifecycle: { preStop: { sleep: { seconds: 280 } } } }] });
    assert.equal((await deploy(t, namespace, { patch: slow('one') })).code, 0);
    const { code, stderr, result } = await deploy(t, namespace, { patch: slow('two') });
    assert.equal(code, 0, stderr);
    assert.equal(result.revision, 2);
    assert.ok((await cluster.get(namespace, 'pods')).items.some(({ metadata }) => metadata.deletionTimestamp));
  });
});
