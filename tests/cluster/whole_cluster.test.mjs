// What changes the cluster for everybody, so nothing else may be deployed meanwhile: objects as a real API server sees
// them, with kinds added that a deploy would use; and a cluster whose metrics come late, or not at all.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cleanUp } from '../support/cleanup.mjs';
import { attempts, told } from './support/attempt.mjs';
import { googleKinds } from './support/google_kinds.mjs';
import { deadlineMs, kit, root, until, waitOption } from './support/kit.mjs';

const cluster = kit();
const attempt = attempts(cluster);
const minute = () => new Promise((resolve) => setTimeout(resolve, 60_000));
const golden = join(root, 'tests', 'data', 'manifests');
const names = readdirSync(golden).sort();

// The documents of a stream, each with the kind in it.
const documents = (text) => text.split(/^---\n/m).filter((part) => part.trim() !== '')
  .map((part) => ({ text: part, kind: part.match(/^kind: (\S+)$/m)[1] }));

// A golden file hides the values of Secrets; any value will do for the API server.
const withValues = (text) => text.replaceAll('.dockerconfigjson: "***"', '.dockerconfigjson: e30=').replaceAll('"***"', 'eA==');

// What a cluster may lack; the kinds of GKE are made by the test itself.
const optional = {
  'gateway.networking.k8s.io': 'the Gateway API',
  'cert-manager.io': 'cert-manager',
  'monitoring.coreos.com': "the Prometheus operator's kinds",
};

// Fields that are old and still what clouds read.
const knownWarnings = /^Warning: .*(spec\.loadBalancerIP|"kubernetes\.io\/ingress\.class").*\n/gm;

test('every object of the main configurations is taken by the API server', { skip: cluster.skip }, async (t) => {
  const groups = await cluster.kubectl(['api-versions']);
  await googleKinds(t, cluster);
  const namespace = await cluster.namespace(t);
  for (const name of names) {
    const all = documents(readFileSync(join(golden, name), 'utf8'));
    const lacks = Object.keys(optional).find((group) => !groups.includes(group) && all.some((each) => each.text.includes(`apiVersion: ${group}/`)));
    await t.test(name, { skip: lacks ? `the cluster lacks ${optional[lacks]}` : false }, async () => {
      const inside = all.filter((each) => each.kind !== 'Namespace');
      const input = inside.map((each) => `---\n${withValues(each.text)}`).join('');
      // Unknown and doubled fields are errors too; a Pod that Pod Security would refuse is a warning here.
      const args = ['apply', '--server-side', '--dry-run=server', '--validate=strict', '-n', namespace, '-o', 'name', '-f', '-'];
      const done = await cluster.kubectl(args, { input, check: false });
      assert.equal(done.code, 0, done.stderr);
      assert.equal(done.stdout.trim().split('\n').length, inside.length);
      assert.equal(done.stderr.replace(knownWarnings, ''), '', 'no other warning');
      for (const each of all.filter((one) => one.kind === 'Namespace'))
        await cluster.kubectl(['apply', '--server-side', '--dry-run=server', '-f', '-'], { input: each.text });
    });
  }
});

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
    await cluster.kubectl(['wait', '--for=condition=Available', service, waitOption]);
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
