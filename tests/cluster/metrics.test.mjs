// A cluster whose metrics come late, or not at all. It is so for the whole cluster: nothing else may be deployed meanwhile.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cleanUp } from '../support/cleanup.mjs';
import { attempts, told } from './support/attempt.mjs';
import { deadlineMs, kit, until } from './support/kit.mjs';

const cluster = kit();
const attempt = attempts(cluster);
const minute = () => new Promise((resolve) => setTimeout(resolve, 60_000));

test('without metrics: the first minute is waited for, no metrics API at all is told at once', { skip: cluster.skip }, async (t) => {
  await attempt.prepare();
  const [slow, none] = [await cluster.namespace(t), await cluster.namespace(t)];
  const service = 'apiservice/v1beta1.metrics.k8s.io';
  const { apiVersion, kind, spec, metadata: { name } } = await cluster.get('', service);
  const putBack = () => cluster.kubectl(['apply', '-f', '-'], { input: JSON.stringify({ apiVersion, kind, metadata: { name }, spec }) });
  const done = attempt.deploy(t, slow);
  await until('it is past its first look', async () =>
    (await cluster.kubectl(['get', 'deployment', 'waaft', '-n', slow], { check: false })).code === 0);
  cleanUp(t, service, async () => {
    await putBack();
    await cluster.kubectl(['wait', '--for=condition=Available', service, '--timeout=60s']);
  }, 2 * deadlineMs);
  await cluster.kubectl(['delete', service]);
  const refused = async () => {
    told(await attempt.deploy(t, none), 'HPA_NO_METRICS', 4, /metrics/);
    assert.deepEqual((await cluster.get(none, 'deployments,services,leases')).items, []);
  };
  await Promise.all([refused(), minute()]);
  await putBack();
  const { code, stderr } = await done;
  assert.equal(code, 0, stderr);
  assert.match(stderr, /waiting for the autoscaler's first sample/);
});
