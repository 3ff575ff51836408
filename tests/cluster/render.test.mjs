// Objects as a real API server sees them: each is valid and admitted, and the folder manifests/ works alone.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../support/cleanup.mjs';
import { applyFolder, folder, ready, serverPods } from './support/apply.mjs';
import { googleKinds } from './support/google_kinds.mjs';
import { pushImage } from './support/image.mjs';
import { kit, root } from './support/kit.mjs';

const cluster = kit();
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

const fetched = (url, ...more) => cluster.client(['curl', '-sS', '--max-time', '20', ...more, url]);

test('`kubectl apply -f manifests/` works on its own, in any namespace, each with secrets of its own', { skip: cluster.skip }, async (t) => {
  assert.ok(cluster.registry, 'WAAFT_TEST_REGISTRY names no registry');
  const temporary = temporaryFolder(t);
  const image = await pushImage(cluster.registry, { repository: 'waaft-test-render' });
  const namespaces = [await cluster.namespace(t), await cluster.namespace(t)];
  const addresses = await Promise.all(namespaces.map((namespace) => applyFolder(cluster, namespace, image)));
  assert.notEqual(addresses[0], addresses[1]);

  const secrets = await Promise.all(namespaces.map(async (namespace) => (await cluster.get(namespace, 'secret', 'waaft-cluster')).data));
  assert.deepEqual(Object.keys(secrets[0]).sort(), Object.keys(secrets[1]).sort());
  for (const key of Object.keys(secrets[0])) assert.notEqual(secrets[0][key], secrets[1][key], `${key} is the same in both`);

  for (const [i, ip] of addresses.entries()) {
    const ca = join(temporary, `${i}.crt`);
    writeFileSync(ca, (await fetched(`http://${ip}/ca.crt`)).stdout);
    const done = await fetched(`https://${ip}/`, '--cacert', ca, '-o', '/dev/null', '-w', '%{http_code}');
    assert.equal(done.stdout, '200', `${namespaces[i]}: ${done.stderr}`);
  }
  // A second pod finds what the first one made.
  await cluster.kubectl(['patch', '-n', namespaces[0], 'hpa', 'waaft', '-p', '{"spec":{"minReplicas":2}}']);
  await ready(cluster, namespaces[0], 2);
  assert.equal((await serverPods(cluster, namespaces[0])).length, 2);
  assert.deepEqual((await cluster.get(namespaces[0], 'secret', 'waaft-cluster')).data, secrets[0]);
});

test('no file of manifests/ holds a secret', () => {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
  assert.ok(files.length > 15);
  for (const file of files) {
    const text = readFileSync(join(file.parentPath ?? file.path, file.name), 'utf8');
    assert.doesNotMatch(text, /^kind: Secret$/m, file.name);
    assert.doesNotMatch(text, /PRIVATE KEY|[A-Za-z0-9+/=_-]{40,}/, file.name);
  }
});
