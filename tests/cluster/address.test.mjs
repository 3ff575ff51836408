// One address without a domain: page, WebSocket and UDP on it, any pod behind it with the same certificate,
// and every pod sees who comes.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../support/cleanup.mjs';
import { applyFolder, serverPods } from './support/apply.mjs';
import { pushImage } from './support/image.mjs';
import { kit, root, until } from './support/kit.mjs';

const cluster = kit();
const connections = 20;

test('one address leads to all pods', { skip: cluster.skip }, async (t) => {
  const namespace = await cluster.namespace(t);
  const image = await pushImage(cluster.registry, { repository: 'waaft-test-address' });
  const ip = await applyFolder(cluster, namespace, image, 2);
  const pods = await serverPods(cluster, namespace);
  assert.equal(pods.length, 2);
  const fetched = (url, ...more) => cluster.client(['curl', '-sS', '--max-time', '200', ...more, url]);
  const ca = join(temporaryFolder(t), 'ca.crt');
  writeFileSync(ca, (await fetched(`http://${ip}/ca.crt`)).stdout);

  const accepted = async (pod) => {
    const text = await cluster.kubectl(['get', '--raw', `/api/v1/namespaces/${namespace}/pods/${pod}:9090/proxy/metrics`]);
    // A line for each shard.
    const lines = [...text.matchAll(/^waaft_connections_accepted_total(?:\{.*\})? (\S+)$/gm)];
    assert.ok(lines.length > 0, 'the metric is there');
    return lines.reduce((sum, [, count]) => sum + Number(count), 0);
  };

  await t.test(`${connections} connections reach both pods without a certificate error`, async () => {
    const before = await Promise.all(pods.map(accepted));
    const done = await Promise.all(Array.from({ length: connections }, () =>
      fetched(`https://${ip}/`, '--cacert', ca, '-o', '/dev/null', '-w', '%{http_code} %{ssl_verify_result}')));
    for (const each of done) assert.equal(each.stdout, '200 0', each.stderr);
    const gained = (await Promise.all(pods.map(accepted))).map((count, i) => count - before[i]);
    assert.ok(gained.every((count) => count > 0), `they went to the pods as ${gained.join(' and ')}`);
    assert.ok(gained[0] + gained[1] >= connections);
  });

  await t.test('plain HTTP leads to HTTPS at the same address', async () => {
    const done = await fetched(`http://${ip}/r/some-room`, '-o', '/dev/null', '-w', '%{http_code} %{redirect_url}');
    assert.equal(done.stdout, `308 https://${ip}/r/some-room`);
  });

  await t.test('the STUN answer holds the address of the client', async () => {
    const done = await cluster.client([process.execPath, join(root, 'tests', 'support', 'stun.mjs'), ip, '3000']);
    assert.equal(done.code, 0, `no answer: ${done.stderr}`);
    const { own, mapped } = JSON.parse(done.stdout);
    t.diagnostic(`from ${own.address}:${own.port}, seen as ${mapped.address}:${mapped.port}`);
    // Between this machine and a cluster elsewhere there may be a router that changes it.
    if (cluster.enter) assert.deepEqual(mapped, { family: 1, ...own });
  });

  await t.test('the log names the address of the client', async () => {
    const own = (await cluster.client(['hostname', '-I'])).stdout.trim().split(/\s+/);
    const logged = await until('a line about a proxy', async () => {
      // The server warns, once for each pod, of a proxy that it was not told to believe, and names it.
      await fetched(`https://${ip}/`, '--cacert', ca, '-H', 'X-Forwarded-For: 192.0.2.77', '-o', '/dev/null');
      const logs = await Promise.all(pods.map((pod) => cluster.kubectl(['logs', '-n', namespace, pod, '-c', 'server'])));
      return logs.every((log) => log.includes('A proxy seems to forward')) && logs;
    });
    for (const log of logged) {
      const line = log.split('\n').find((each) => each.includes('A proxy seems to forward'));
      if (cluster.enter) assert.ok(own.some((address) => line.includes(address)), `${line} names none of ${own}`);
    }
  });
});
