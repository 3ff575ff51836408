// Images of the program under test, made and pushed by the test itself: no engine, no registry client of
// ours, so that what is broken in those is not hidden by using them here. Variants are for broken deploys.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
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

const layers = new Map();  // by program; the same for all images of a test file

// Where a layer is kept that files beside each other need alike: in the folder WAAFT_TEST_LAYERS, if a run has one.
const placeOf = (key) => (key && process.env.WAAFT_TEST_LAYERS ? join(process.env.WAAFT_TEST_LAYERS, digestOf(key).slice(7)) : undefined);

function keep(place, tar) {
  writeFileSync(`${place}.${process.pid}`, tar);
  renameSync(`${place}.${process.pid}`, place);  // nobody reads half of it
  return tar;
}

// An uncompressed layer of what `fill` puts into a folder. With a `key`, which says all that decides what that is, it may
// have been made before.
export async function makeLayer(fill, key) {
  const place = placeOf(key);
  if (place && existsSync(place)) return readFileSync(place);
  const tar = await packFolder(fill);
  return place ? keep(place, tar) : tar;
}

async function packFolder(fill) {
  const folder = mkdtempSync(join(tmpdir(), 'waaft-image-'));
  try {
    mkdirSync(join(folder, 'root'));
    await fill(join(folder, 'root'));
    const file = join(folder, 'layer.tar');
    const packed = await run(['tar', '--sort=name', '--owner=0', '--group=0', '--mtime=@0', '-C', join(folder, 'root'), '-cf', file, '.']);
    assert.equal(packed.code, 0, packed.stderr);
    return readFileSync(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

// The program as /waaft, and what it loads.
export const programLayer = (file) => makeLayer(async (folder) => {
  const collected = await run([join(root, 'scripts', 'collect-files'), file, folder]);
  assert.equal(collected.code, 0, collected.stderr);
}, `program ${file}`);

// Pushes to a registry without login and answers "host/repository@sha256:...". `config` overrides fields of
// the image: {architecture: 'arm64'}; `program` those that a container runs with: {Entrypoint: ['/missing']};
// `file` is another program to be in it, `more` a layer above.
export async function pushImage(registry, { repository = 'waaft-test', tag = 'test', config = {}, program = {}, file = binary, more } = {}) {
  if (!layers.has(file)) layers.set(file, programLayer(file));
  const tars = [await layers.get(file), ...(more ? [more] : [])];
  const base = `http://${registry.split('/')[0]}/v2/${[...registry.split('/').slice(1), repository].join('/')}`;
  const packed = tars.map((tar) => gzipSync(tar, { level: 1 }));
  const image = Buffer.from(JSON.stringify({
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    config: { User: '65532:65532', Entrypoint: ['/waaft', 'serve'], ...program },
    rootfs: { type: 'layers', diff_ids: tars.map(digestOf) },
    ...config,
  }));
  const manifest = Buffer.from(JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', size: image.length, digest: await putBlob(base, image) },
    layers: await Promise.all(packed.map(async (bytes) => (
      { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', size: bytes.length, digest: await putBlob(base, bytes) }))),
  }));
  const headers = { 'Content-Type': 'application/vnd.oci.image.manifest.v1+json' };
  await asked(await fetch(`${base}/manifests/${tag}`, { method: 'PUT', body: manifest, headers }), [201]);
  return `${registry}/${repository}@${digestOf(manifest)}`;
}
