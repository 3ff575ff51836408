// Deploys that are slow and healthy, and must succeed. All at once, each in a namespace of its own; the one without
// metrics is in whole_cluster.test.mjs.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { cleanUp } from '../support/cleanup.mjs';
import { lineOf } from '../support/lines.mjs';
import { within } from '../support/wait.mjs';
import { attempts, patched, server } from './support/attempt.mjs';
import { makeLayer, pushImage } from './support/image.mjs';
import { deadlineMs, kit, root, run, until, wholeTestMs } from './support/kit.mjs';

const cluster = kit();
const attempt = attempts(cluster);

// Each as long as it is in real clusters: a minute.
const minute = () => new Promise((resolve) => setTimeout(resolve, 60_000));

const serverPod = async (namespace) => (await cluster.get(namespace, 'pods', '-l', 'app.kubernetes.io/name=waaft')).items[0];

// A program that the node's network has, until the test ends; answers the first line that it prints.
async function onNode(t, argv) {
  let child;
  let first;
  const ended = run([cluster.enter, 'node', ...argv], { input: null, timeout: wholeTestMs, started: (it) => {
    child = it;
    first = lineOf(child.stdout, () => true, 'a line');
  } });
  cleanUp(t, argv.join(' '), () => {
    child.stdin.end();
    return ended;
  });
  return within(first, 'its first line', deadlineMs);
}

describe('a slow deploy that is healthy', { skip: cluster.skip, concurrency: 6 }, () => {
  before(() => attempt.prepare());

  test('an address that takes a minute', async (t) => {
    const namespace = await cluster.namespace(t);
    const done = attempt.deploy(t, namespace, { yaml: 'expose: {annotations: {kubekit/pending: "true"}}' });
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
    // A resource of the test's own, of which the node has one: CPU would be short for all others, too.
    const [{ metadata: { name: node } }] = (await cluster.get('', 'nodes')).items;
    const seat = `waaft.test/${namespace}`;
    const patchNode = (op) => cluster.kubectl(['patch', 'node', node, '--subresource=status', '--type=json', '-p',
      JSON.stringify([{ op, path: `/status/capacity/${seat.replace('/', '~1')}`, value: '1' }])]);
    await patchNode('add');
    cleanUp(t, `the node's ${seat}`, () => patchNode('remove'), deadlineMs);
    const resources = { requests: { [seat]: '1' }, limits: { [seat]: '1' } };
    const securityContext = { allowPrivilegeEscalation: false, runAsNonRoot: true, capabilities: { drop: ['ALL'] }, seccompProfile: { type: 'RuntimeDefault' } };
    await cluster.kubectl(['create', '-n', namespace, '-f', '-'], { input: JSON.stringify({
      apiVersion: 'v1', kind: 'Pod', metadata: { name: 'in-the-way' }, spec: { containers: [{ name: 'it', image: attempt.image, securityContext, resources }] } }) });
    await until('the other pod has its place', async () => (await cluster.get(namespace, 'pod', 'in-the-way')).spec.nodeName);
    const done = attempt.deploy(t, namespace, { patch: server({ resources }) });
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
    const { code, stderr } = await attempt.deploy(t, namespace, { patch: server({ image: slow.replace(cluster.registry, relay) }) });
    assert.equal(code, 0, stderr);
    const pulled = (await cluster.get(namespace, 'events')).items.find(({ reason, message }) => reason === 'Pulled' && message.includes(relay));
    t.diagnostic(pulled.message);
    assert.match(pulled.message, /in (\d+m|[6-9]\d\.)/, 'it was slow');
  });

  test('a server that crashes once and then runs', async (t) => {
    const namespace = await cluster.namespace(t);
    const more = await makeLayer((folder) => {
      mkdirSync(join(folder, 'bin'));
      copyFileSync('/bin/dash', join(folder, 'bin', 'sh'));
    });
    const shell = await pushImage(cluster.registry, { repository: 'waaft-crash', more });
    const script = '[ -e /data/again ] && exec /waaft serve "$@"; : >/data/again; echo once >&2; exit 1';
    const { code, stderr } = await attempt.deploy(t, namespace, { reference: shell, patch: server({ command: ['/bin/sh', '-c', script, 'sh'] }) });
    assert.equal(code, 0, stderr);
    const { status } = await serverPod(namespace);
    assert.equal(status.containerStatuses[0].restartCount, 1);
  });

  test('old pods that take five minutes to go', async (t) => {
    const namespace = await cluster.namespace(t);
    const slow = (value) => patched({ terminationGracePeriodSeconds: 330,
      containers: [{ name: 'server', env: [{ name: 'WAAFT_TEST', value }], lifecycle: { preStop: { sleep: { seconds: 300 } } } }] });
    assert.equal((await attempt.deploy(t, namespace, { patch: slow('one') })).code, 0);
    const { code, stderr, result } = await attempt.deploy(t, namespace, { patch: slow('two') });
    assert.equal(code, 0, stderr);
    assert.equal(result.revision, 2);
    assert.ok((await cluster.get(namespace, 'pods')).items.some(({ metadata }) => metadata.deletionTimestamp));
  });
});
