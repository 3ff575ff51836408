// One room on several pods: Redis deployed along, people on two pods, pods and Redis deleted under them.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { temporaryFolder } from '../support/cleanup.mjs';
import { farProgram } from './support/far_program.mjs';
import { pushImage } from './support/image.mjs';
import { kit, until } from './support/kit.mjs';

const cluster = kit();
const secretOf = async (namespace) => (await cluster.get(namespace, 'secret', 'waaft-cluster')).data;
const decoded = (text) => Buffer.from(text, 'base64').toString();

let context;
let image;

function project(t, namespace, settings) {
  const folder = temporaryFolder(t, 'waaft-shared-');
  const write = (text) => writeFileSync(join(folder, 'waaft.yaml'),
    `cluster: {context: ${context}, namespace: ${namespace}}\nresources: {cpu: 50m}\n${text}`);
  write(settings);
  const waaft = (args, options = {}) => cluster.waaft(args, { cwd: folder, ...options });
  const good = async (...args) => {
    const done = await waaft([...args, '--output', 'json']);
    assert.equal(done.code, 0, `${args.join(' ')}: ${done.stderr}${done.stdout}`);
    return JSON.parse(done.stdout);
  };
  return { waaft, good, write, deploy: () => good('deploy', '--image', image, '--probe', 'off') };
}

describe('a room on several pods', { skip: cluster.skip, concurrency: 2 }, () => {
  before(async () => {
    context = (await cluster.kubectl(['config', 'current-context'])).trim();
    image = await pushImage(cluster.registry, { repository: 'waaft-shared' });
    assert.ok(await cluster.redisImage(), 'redis-server is installed, to make an image of');
  });

  test('people on two pods chat in one order; Redis and a pod are deleted, and nothing that was acked is lost', async (t) => {
    const namespace = await cluster.namespace(t);
    const { good, waaft, deploy } = project(t, namespace,
      'autoscaling: {min: 2, max: 2}\ndrain: {grace: 60s, preStop: 2s}\nserve: {drain: {spread: 1s}}\nstorage: {size: 1Gi}\n');
    const { url } = await deploy();
    const secret = await secretOf(namespace);
    const tell = await farProgram(t, cluster, 'two_people.mjs', { url: url.replace(/\/$/, ''), ca: decoded(secret['ca.crt']) });
    const pods = async () => (await good('status')).pods.filter(({ ready, draining }) => ready && !draining);
    const apart = () => until('the two are on two pods', async () => {
      const people = (await pods()).map(({ live }) => live.people);
      if (people.length === 2 && people.every((count) => count === 1)) return true;
      if (people.includes(2)) await tell({ do: 'again', who: 'Bob' });
      return false;
    });
    const said = [];
    const say = async (who, text) => {
      const { acked } = await tell({ do: 'say', who, text });
      said.push([acked, text]);
    };
    const allHeard = () => until('both have heard everything', async () => {
      const { Ann, Bob, left } = await tell({ do: 'chats' });
      assert.deepEqual(left, []);
      return Ann.length === said.length && Bob.length === said.length && { Ann, Bob };
    });
    const inOrder = async () => {
      const { Ann, Bob } = await allHeard();
      const wanted = [...said].sort(([a], [b]) => a - b).map(([, text]) => text);
      assert.deepEqual(Ann, wanted);
      assert.deepEqual(Bob, wanted);
    };

    await apart();
    for (let i = 0; i < 10; ++i) await say(i % 2 ? 'Ann' : 'Bob', `line ${i}`);
    await inOrder();

    await t.test('status shows Redis and who is where', async () => {
      const { redis, live, healthy } = await good('status');
      assert.equal(healthy, true);
      assert.equal(live.people, 2);
      assert.equal(redis.up && redis.durable, true);
      assert.equal(redis.appendfsync, 'always');
      assert.equal(redis.maxMemory, 64 * 1024 * 1024);
      assert.match((await waaft(['status'])).stdout, /redis +[\d.]+, [\d.]+ ms, [\d.]+ of 64 MiB, on the disk before/);
    });

    await t.test('the password is in no list of processes, environment or object', async () => {
      const password = decoded(secret['redis.password']);
      const shown = await cluster.kubectl(['exec', '-n', namespace, 'waaft-redis-0', '--', 'sh', '-c',
        'cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ; redis-cli ping']);
      assert.match(shown, /redis-server.*NOAUTH/s);
      assert.ok(!shown.includes(password));
      for (const kind of ['statefulset', 'pod', 'deployment', 'configmap'])
        assert.ok(!JSON.stringify(await cluster.get(namespace, kind)).includes(password), kind);
    });

    await t.test('Redis is deleted', async () => {
      const { metadata: { uid } } = await cluster.get(namespace, 'pod', 'waaft-redis-0');
      await cluster.kubectl(['delete', 'pod', '-n', namespace, 'waaft-redis-0', '--wait=false']);
      for (let i = 0; i < 10; ++i) await say(i % 2 ? 'Ann' : 'Bob', `while Redis is away ${i}`);
      await until('another pod of Redis', async () => {
        const { items: [pod] } = await cluster.get(namespace, 'pod', '-l', 'app.kubernetes.io/component=redis');
        return pod && pod.metadata.uid !== uid;
      });
      await inOrder();
    });

    await t.test('a pod is deleted', async () => {
      const [{ name }] = (await pods()).filter(({ live }) => live.people > 0);
      await cluster.kubectl(['delete', 'pod', '-n', namespace, name, '--wait=false']);
      for (let i = 0; i < 10; ++i) await say(i % 2 ? 'Ann' : 'Bob', `while a pod goes ${i}`);
      await until('it is gone', async () => (await cluster.kubectl(['get', 'pod', '-n', namespace, name], { check: false })).code !== 0);
      await say('Ann', 'and after it');
      await inOrder();
    });

    await t.test('a new version of the server leaves Redis alone', async () => {
      const { metadata: { uid } } = await cluster.get(namespace, 'pod', 'waaft-redis-0');
      await good('deploy', '--image', await pushImage(cluster.registry, { repository: 'waaft-shared', tag: 'next', program: { Labels: { next: '1' } } }), '--probe', 'off');
      assert.equal((await cluster.get(namespace, 'pod', 'waaft-redis-0')).metadata.uid, uid);
      await say('Bob', 'on new pods');
      await inOrder();
    });

    await t.test('destroy keeps what was said', async () => {
      await good('destroy', '--yes');
      const { items } = await cluster.get(namespace, 'pvc');
      assert.deepEqual(items.map(({ metadata }) => metadata.name), ['data-waaft-redis-0']);
    });
  });

  test('without Redis: one pod with a disk; a second one is refused before anything is applied', async (t) => {
    const namespace = await cluster.namespace(t);
    const { good, waaft, write, deploy } = project(t, namespace, 'redis: none\nautoscaling: {max: 3}\n');
    const refused = await waaft(['deploy', '--image', image, '--output', 'json']);
    assert.equal(refused.code, 2, refused.stderr);
    const [cause] = JSON.parse(refused.stdout).causes;
    assert.match(cause.hint, /bundled or external, or autoscaling\.max to 1/);
    assert.deepEqual((await cluster.get(namespace, 'deploy,sts,svc,secret')).items, []);

    write('redis: none\nstorage: {size: 1Gi}\n');
    await deploy();
    const { items } = await cluster.get(namespace, 'hpa,sts');
    assert.deepEqual(items, []);
    const { spec } = await cluster.get(namespace, 'deployment/waaft');
    assert.deepEqual([spec.replicas, spec.strategy.type], [1, 'Recreate']);
    assert.deepEqual((await cluster.get(namespace, 'pvc')).items.map(({ metadata, status }) => [metadata.name, status.phase]), [['waaft-data', 'Bound']]);
    const scaled = await waaft(['scale', '--max', '3']);
    assert.equal(scaled.code, 2, scaled.stderr);
    assert.match(scaled.stderr, /redis/);
    assert.equal((await good('status')).redis, null);

    // To several pods and back: the disk of the one stays.
    write('redis: bundled\nstorage: {size: 1Gi}\n');
    await deploy();
    assert.equal((await good('status')).redis.up, true);
    assert.deepEqual((await cluster.get(namespace, 'pvc')).items.map(({ metadata }) => metadata.name).sort(), ['data-waaft-redis-0', 'waaft-data']);
  });
});
