// One call and many people who chat on pods that are scaled, drained, rolled over and killed, and on a Redis that goes.
//
// Each fault is followed by as long a time without one, with the same people; its gaps and freezes stand beside those of the
// fault in the table. Freezes are not judged: on a busy machine pictures freeze while pods start. That the direct call is
// not touched is: it is the same connection on the same path, and the frames that one sent the other received.
// WAAFT_WRITE_TABLE=1 writes the table into README.md.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openChromium, program } from '../e2e/support/chromium.mjs';
import { stepsOf } from '../e2e/support/scene.mjs';
import { temporaryFolder } from '../support/server.mjs';
import { chromiumOutside, farProgram } from './support/far_program.mjs';
import { pushImage } from './support/image.mjs';
import { kit, until } from './support/kit.mjs';
import { tableOf, writeTable } from './support/reliability_table.mjs';
import { TwoPages } from './support/two_pages.mjs';

const cluster = kit();
const skip = cluster.skip || (!cluster.enter && 'it needs a client outside of the cluster: WAAFT_KIT') || (!program && 'Chromium is not installed');

const settings = (context, namespace, more) => `cluster: {context: ${context}, namespace: ${namespace}}
resources: {cpu: 50m, memory: 64Mi}
storage: {size: 1Gi}
autoscaling:
  max: 1
  cpu: 40
  behavior:
    scaleDown: {window: 5s, pods: 3, period: 5s}
    scaleUp: {period: 5s}
drain: {grace: 60s, preStop: 2s}
serve:
  drain: {spread: 3s}
${more}  limits: {rooms_per_minute: 1000, handshakes_per_second: 1000}  # all come from one address
`;

const talking = { rooms: 10, members: 20, everyMs: 3_000, live: false };
const calling = { rooms: 50, members: 2, everyMs: 3_000, live: true };
const most = 5;  // pods
const loudMs = 350;
const softMs = 120_000;
// Pings are nearly all that quiet people cost: on a slow machine two hundred of them would keep more than one pod.
const rarePings = '  ping: {shared: 10s, shared_timeout: 30s}\n';
const leastMs = 10_000;  // of a window, for freezes to be seen in
const quietMostMs = 30_000;

// The process of a pod's server, as this machine has it; the cluster's one node is this machine.
function processOf(pod) {
  const [{ containerID }] = pod.status.containerStatuses.filter(({ name }) => name === 'server');
  const id = containerID.split('//')[1];
  const groupOf = (pid) => {
    try {
      return readFileSync(`/proc/${pid}/cgroup`, 'utf8');
    } catch {
      return '';  // it has ended
    }
  };
  const found = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && groupOf(name).includes(id));
  assert.equal(found.length, 1, `one process in ${containerID}: ${found}`);
  return Number(found[0]);
}

// A deployment with one pod, two pages that are to meet there, and what a test does with them.
async function begin(t, rows, more = '') {
  const folder = temporaryFolder(t);
  const namespace = await cluster.namespace(t);
  const context = (await cluster.kubectl(['config', 'current-context'])).trim();
  writeFileSync(join(folder, 'waaft.yaml'), settings(context, namespace, more));
  const image = await pushImage(cluster.registry, { repository: 'waaft-reliability' });
  assert.ok(await cluster.redisImage(), 'redis-server is installed, to make an image of');
  const browser = await openChromium(t, { program: chromiumOutside(t, cluster) });

  const waaft = async (...args) => {
    const done = await cluster.waaft([...args, '--output', 'json'], { cwd: folder });
    assert.equal(done.code, 0, `waaft ${args.join(' ')}: ${done.stderr}${done.stdout}`);
    return JSON.parse(done.stdout);
  };
  const pods = async () => (await waaft('status')).pods.filter((pod) => pod.ready && !pod.draining);
  const podNames = async () => (await cluster.get(namespace, 'pods', '-l', 'app.kubernetes.io/component=server')).items.map(({ metadata }) => metadata.name);
  const isGone = (name) => until(`${name} is gone`, async () => !(await podNames()).includes(name));
  const scale = async (min, max) => {
    await waaft('scale', '--min', `${min}`, '--max', `${max}`);
    await until(`${min} pods`, async () => (await pods()).length === min && (await podNames()).length === min);
  };
  const peoplePerPod = async () => (await pods()).map(({ live }) => live.people);

  const { url } = await waaft('deploy', '--image', image, '--probe', 'off');
  const address = url.replace(/\/$/, '');
  const ca = Buffer.from((await cluster.get(namespace, 'secret', 'waaft-cluster')).data['ca.crt'], 'base64').toString();
  const pages = new TwoPages(await browser.person('Ann', { plainSound: true }), await browser.person('Bob', { plainSound: true }));
  const crowdOf = (kind) => farProgram(t, cluster, 'crowd.mjs', { url: address, ca, ...kind });
  return { namespace, address, step: stepsOf(t, browser), waaft, pods, podNames, isGone, scale, peoplePerPod, pages, crowdOf,
    under: judge(t, pages, rows) };
}

// What sees people through a fault; `strike` returns when the fault is over.
const judge = (t, pages, rows) => async (fault, crowd, strike) => {
  await crowd({ do: 'window' });
  const during = async (atLeast, run) => {
    const [seen, began] = [await pages.watch(), performance.now()];
    await run();
    await sleep(atLeast - (performance.now() - began));
    const { written, gapMs } = await crowd({ do: 'window' });
    return { ms: performance.now() - began, written, gapMs, ...(await seen()) };
  };
  const hit = await during(leastMs, async () => {
    await strike();
    await pages.chat(fault);
  });
  const quiet = await during(Math.min(hit.ms, quietMostMs), async () => {});
  await pages.seeAndHear();
  const account = await crowd({ do: 'end' });
  rows.push({ fault, ms: hit.ms, people: account.people, account, hit, quiet });
  t.diagnostic(JSON.stringify(rows.at(-1)));
  const { lost, doubled, gaps, outOfOrder, heardOtherwise, joined, left } = account;
  assert.deepEqual({ lost, doubled, gaps, outOfOrder, heardOtherwise, joined, left },
    { lost: 0, doubled: 0, gaps: 0, outOfOrder: 0, heardOtherwise: 0, joined: 0, left: 0 });
};

const rows = { load: [], faults: [] };

describe('nothing that was acked is lost, and calls go on', { skip }, () => {
  test('when pods come with load and go without it', async (t) => {
    const { address, step, waaft, pods, podNames, pages, crowdOf, under } = await begin(t, rows.load, rarePings);
    await step('two pages meet', () => pages.meet(address));

    await step('load adds pods, and they go when it ends', async () => {
      await waaft('scale', '--min', '1', '--max', `${most}`);
      const crowd = await crowdOf(talking);
      await under(`load: from 1 pod to ${most} and back to 1`, crowd, async () => {
        await crowd({ do: 'pace', everyMs: loudMs });
        await until(`${most} pods`, async () => (await pods()).length === most);
        await crowd({ do: 'pace', everyMs: softMs });
        await until('one pod again', async () => (await podNames()).length === 1);
      });
    });
  });

  test('when pods and Redis go and come', async (t) => {
    const { namespace, address, step, pods, podNames, isGone, scale, peoplePerPod, pages, crowdOf, under } = await begin(t, rows.faults);
    await step('two pages meet', () => pages.meet(address));

    await step('draining a pod with 50 open calls', async () => {
      await scale(1, 1);
      const [full] = await podNames();
      const crowd = await crowdOf(calling);
      const people = calling.rooms * calling.members;
      await scale(2, 2);
      await pages.onTwoPods(async () => (await peoplePerPod()).map((count) => count % people));
      const { live } = (await pods()).find(({ name }) => name === full);
      assert.ok(live.people > people && live.rooms > calling.rooms, `${live.people} people in ${live.rooms} rooms are on it`);
      await under('a pod with 50 open calls is drained', crowd, async () => {
        await cluster.kubectl(['delete', 'pod', '-n', namespace, full, '--wait=false']);
        await isGone(full);
      });
    });

    await step('rollout restart', async () => {
      await pages.onTwoPods(peoplePerPod);
      const before = await podNames();
      await under('`rollout restart`', await crowdOf(talking), async () => {
        await cluster.kubectl(['rollout', 'restart', '-n', namespace, 'deployment/waaft']);
        for (const name of before) await isGone(name);
      });
    });

    await step('kill -9 of a pod', async () => {
      await pages.onTwoPods(peoplePerPod);
      const [{ name }] = await pods();
      const pod = await cluster.get(namespace, 'pod', name);
      const [{ restartCount }] = pod.status.containerStatuses;
      await under('`kill -9` of a pod', await crowdOf(talking), async () => {
        process.kill(processOf(pod), 'SIGKILL');
        await until('it runs again', async () => {
          const { status: { containerStatuses: [now] } } = await cluster.get(namespace, 'pod', name);
          return now.restartCount > restartCount && now.ready;
        });
      });
    });

    await step('the pod of Redis is deleted', async () => {
      await pages.onTwoPods(peoplePerPod);
      const { metadata: { uid } } = await cluster.get(namespace, 'pod', 'waaft-redis-0');
      await under('the pod of Redis is deleted', await crowdOf(talking), async () => {
        await cluster.kubectl(['delete', 'pod', '-n', namespace, 'waaft-redis-0', '--wait=false']);
        await until('another pod of Redis', async () => {
          const { items: [pod] } = await cluster.get(namespace, 'pod', '-l', 'app.kubernetes.io/component=redis');
          return pod && pod.metadata.uid !== uid && pod.status.containerStatuses?.every((one) => one.ready);
        });
      });
    });
  });
});

test('the table', { skip }, (t) => {
  const table = tableOf([...rows.load, ...rows.faults]);
  t.diagnostic(`\n${table}`);
  if (process.env.WAAFT_WRITE_TABLE) writeTable(table);
});
