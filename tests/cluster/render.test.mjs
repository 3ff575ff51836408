// The folder manifests/ works alone. What the API server says of all other objects is in whole_cluster.test.mjs.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../support/cleanup.mjs';
import { applyFolder, folder, ready, scaleTo, serverPods } from './support/apply.mjs';
import { pushImage } from './support/image.mjs';
import { kit } from './support/kit.mjs';

const cluster = kit();
const fetched = (url, ...more) => cluster.client(['curl', '-sS', '--max-time', '200', ...more, url]);

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
  await scaleTo(cluster, namespaces[0], 2);
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
