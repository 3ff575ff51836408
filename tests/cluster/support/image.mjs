// Images of the program under test, made and pushed by the test itself: no engine, no registry client of
// ours, so that what is broken in those is not hidden by using them here. Variants are for broken deploys.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { binary, root, run } from './kit.mjs';

const digestOf = (bytes) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

async function asked(response, wanted) {
  assert.ok(wanted.includes(response.status), `${response.url}: ${response.status} ${await response.text()}`);
  return response;
}

async function putBlob(base, bytes) {
  const digest = digestOf(bytes);
  if ((await fetch(`${base}/blobs/${digest}`, { method: 'HEAD' })).status === 200) return digest;
  const begun = await asked(await fetch(`${base}/blobs/uploads/`, { method: 'POST' }), [202]);
  const place = new URL(begun.headers.get('location'), base);
  place.searchParams.set('digest', digest);
  await asked(await fetch(place, { method: 'PUT', body: bytes, headers: { 'Content-Type': 'application/octet-stream' } }), [201]);
  return digest;
}

let layer;  // the same for all images of a test file

// The program and what it loads, as one uncompressed layer.
async function makeLayer() {
  const folder = mkdtempSync(join(tmpdir(), 'waaft-image-'));
  try {
    const collected = await run([join(root, 'scripts', 'collect-files'), binary, join(folder, 'root')]);
    assert.equal(collected.code, 0, collected.stderr);
    const file = join(folder, 'layer.tar');
    const packed = await run(['tar', '--sort=name', '--owner=0', '--group=0', '--mtime=@0', '-C', join(folder, 'root'), '-cf', file, '.']);
    assert.equal(packed.code, 0, packed.stderr);
    return readFileSync(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

// Pushes to a registry without login and answers "host/repository@sha256:...". `config` overrides fields of
// the image: {architecture: 'arm64'}; `program` those that a container runs with: {Entrypoint: ['/missing']}.
export async function pushImage(registry, { repository = 'waaft-test', tag = 'test', config = {}, program = {} } = {}) {
  layer ??= makeLayer();
  const tar = await layer;
  const base = `http://${registry.split('/')[0]}/v2/${[...registry.split('/').slice(1), repository].join('/')}`;
  const packed = gzipSync(tar, { level: 1 });
  const image = Buffer.from(JSON.stringify({
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    config: { User: '65532:65532', Entrypoint: ['/waaft', 'serve'], ...program },
    rootfs: { type: 'layers', diff_ids: [digestOf(tar)] },
    ...config,
  }));
  const manifest = Buffer.from(JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', size: image.length, digest: await putBlob(base, image) },
    layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', size: packed.length, digest: await putBlob(base, packed) }],
  }));
  const headers = { 'Content-Type': 'application/vnd.oci.image.manifest.v1+json' };
  await asked(await fetch(`${base}/manifests/${tag}`, { method: 'PUT', body: manifest, headers }), [201]);
  return `${registry}/${repository}@${digestOf(manifest)}`;
}
