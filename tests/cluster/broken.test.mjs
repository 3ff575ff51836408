// Deploys that are broken, each told soon with its cause, exit code and log line; and slow ones that are healthy
// and must succeed. All at once, each in a namespace of its own.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { makeLayer, pushImage } from './support/image.mjs';
import { kit, root, run, until } from './support/kit.mjs';

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

// Each as long as it is in real clusters: a minute.
const minute = () => new Promise((resolve) => setTimeout(resolve, 60_000));

const serverPod = async (namespace) => (await cluster.get(namespace, 'pods', '-l', 'app.kubernetes.io/name=waaft')).items[0];

// A program that the node's network has, until the test ends; answers the first line that it prints.
async function onNode(t, argv) {
  let child;
  let printed = '';
  const ended = run([cluster.enter, 'node', ...argv], { input: null, timeout: 400_000, started: (it) => {
    child = it;
    child.stdout.on('data', (text) => { printed += text; });
  } });
  t.after(async () => {
    child.stdin.end();
    await ended;
  });
  return until('its first line', async () => printed.includes('\n') && printed.split('\n')[0]);
}

describe('a slow deploy that is healthy', { skip: cluster.skip, concurrency: 6 }, () => {
  before(async () => {
    context ??= (await cluster.kubectl(['config', 'current-context'])).trim();
    image ??= await pushImage(cluster.registry, { repository: 'waaft-broken' });
  });

  test('an address that takes a minute', async (t) => {
    const namespace = await cluster.namespace(t);
    const done = deploy(t, namespace, { yaml: 'expose: {annotations: {kubekit/pending: "true"}}' });
    await until('the Service is there', async () =>
      (await cluster.kubectl(['get', 'service', 'waaft', '-n', namespace], { check: false })).code === 0);
    await minute();
    await cluster.kubectl(['annotate', 'service', 'waaft', '-n', namespace, 'kubekit/pending-']);
    const { code, stderr } = await done;
    assert.equal(code, 0, stderr);
    assert.match(stderr, /waiting for an address/);
  });

  test('a pod that is pending for a minute, until another one makes room', async (t) => {
    const namespace = await cluster.namespace(t);
    const [node] = (await cluster.get('', 'nodes')).items;
    const cpus = Number(node.status.allocatable.cpu);
    const securityContext = { allowPrivilegeEscalation: false, runAsNonRoot: true, capabilities: { drop: ['ALL'] }, seccompProfile: { type: 'RuntimeDefault' } };
    await cluster.kubectl(['create', '-n', namespace, '-f', '-'], { input: JSON.stringify({
      apiVersion: 'v1', kind: 'Pod', metadata: { name: 'in-the-way' },
      spec: { nodeName: node.metadata.name, containers: [{ name: 'it', image, securityContext, resources: { requests: { cpu: `${cpus * 450}m` } } }] } }) });
    const done = deploy(t, namespace, { yaml: `resources: {cpu: ${cpus * 600}m}` });
    await until('the pod is refused by the scheduler', async () => (await serverPod(namespace))?.status.conditions
      ?.some(({ reason }) => reason === 'Unschedulable'));
    await minute();
    await cluster.kubectl(['delete', 'pod', 'in-the-way', '-n', namespace, '--grace-period=0', '--force']);
    const { code, stderr } = await done;
    assert.equal(code, 0, stderr);
    assert.match(stderr, /no node has room/);
  });

  test('an image whose download takes a minute', { skip: !cluster.enter && 'it needs the network of a node: WAAFT_KIT' }, async (t) => {
    const namespace = await cluster.namespace(t);
    const rate = 40_000;
    const more = await makeLayer((folder) => writeFileSync(join(folder, 'large'), randomBytes(60 * rate)));
    const slow = await pushImage(cluster.registry, { repository: 'waaft-slow', more });
    const relay = await onNode(t, [process.execPath, join(root, 'tests', 'cluster', 'support', 'slow_registry.mjs'), `http://${cluster.registry}`, `${rate}`]);
    const { code, stderr } = await deploy(t, namespace, { patch: server({ image: slow.replace(cluster.registry, relay) }) });
    assert.equal(code, 0, stderr);
    const pulled = (await cluster.get(namespace, 'events')).items.find(({ reason, message }) => reason === 'Pulled' && message.includes(relay));
    t.diagnostic(pulled.message);
    assert.match(pulled.message, /in (1m|[6-9]\d\.)/, 'it was slow');
  });

  test('a server that crashes once and then runs', async (t) => {
    const namespace = await cluster.namespace(t);
    const more = await makeLayer((folder) => {
      mkdirSync(join(folder, 'bin'));
      copyFileSync('/bin/dash', join(folder, 'bin', 'sh'));
    });
    const shell = await pushImage(cluster.registry, { repository: 'waaft-crash', more });
    const script = '[ -e /data/again ] && exec /waaft serve "$@"; : >/data/again; echo once >&2; exit 1';
    const { code, stderr } = await deploy(t, namespace, { reference: shell, patch: server({ command: ['/bin/sh', '-c', script, 'sh'] }) });
    assert.equal(code, 0, stderr);
    const { status } = await serverPod(namespace);
    assert.equal(status.containerStatuses[0].restartCount, 1);
  });

  test('old pods that take five minutes to go', async (t) => {
    const namespace = await cluster.namespace(t);
    const slow = (value) => patched({ terminationGracePeriodSeconds: 330,
      containers: [{ name: 'server', env: [{ name: 'WAAFT_TEST', value }], lifecycle: { preStop: { sleep: { seconds: 300 } } } }] });
    assert.equal((await deploy(t, namespace, { patch: slow('one') })).code, 0);
    const { code, stderr, result } = await deploy(t, namespace, { patch: slow('two') });
    assert.equal(code, 0, stderr);
    assert.equal(result.revision, 2);
    assert.ok((await cluster.get(namespace, 'pods')).items.some(({ metadata }) => metadata.deletionTimestamp));
  });
});

// Of the whole cluster, so nothing else is deployed meanwhile.
test('without metrics: the first minute is waited for, no metrics API at all is told at once', { skip: cluster.skip }, async (t) => {
  context ??= (await cluster.kubectl(['config', 'current-context'])).trim();
  image ??= await pushImage(cluster.registry, { repository: 'waaft-broken' });
  const [slow, none] = [await cluster.namespace(t), await cluster.namespace(t)];
  const service = 'apiservice/v1beta1.metrics.k8s.io';
  const { apiVersion, kind, spec, metadata: { name } } = await cluster.get('', service);
  const putBack = () => cluster.kubectl(['apply', '-f', '-'], { input: JSON.stringify({ apiVersion, kind, metadata: { name }, spec }) });
  const done = deploy(t, slow);
  await until('it is past its first look', async () =>
    (await cluster.kubectl(['get', 'deployment', 'waaft', '-n', slow], { check: false })).code === 0);
  t.after(async () => {
    await putBack();
    await cluster.kubectl(['wait', '--for=condition=Available', service, '--timeout=60s']);
  });
  await cluster.kubectl(['delete', service]);
  const refused = async () => {
    told(await deploy(t, none), 'HPA_NO_METRICS', 4, /metrics/);
    assert.deepEqual((await cluster.get(none, 'deployments,services,leases')).items, []);
  };
  await Promise.all([refused(), minute()]);
  await putBack();
  const { code, stderr } = await done;
  assert.equal(code, 0, stderr);
  assert.match(stderr, /waiting for the autoscaler's first sample/);
});
