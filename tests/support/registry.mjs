// A real container registry for a test: Debian's docker-registry, on a free port of 127.0.0.1.
//
//   const registry = await startRegistry(t, { certificate, users: true });
//
// Images to push are made here too, as OCI layouts.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { join } from 'node:path';
import { cleanUp, endProcess, endsWithUs, temporaryFolder } from './cleanup.mjs';
import { eachLine } from './lines.mjs';
import { binary, within } from './server.mjs';

// bcrypt of the password, which is all that docker-registry reads.
export const robot = { user: 'robot', password: 'a-password-of-tests' };
const htpasswd = 'robot:$2y$05$Hgq5/n5o7Hflr0JAV/dMfe69/KecyX/guN/3WwO995CwMTZCKP14S\n';

export const hasRegistry = existsSync('/usr/bin/docker-registry');

class Registry {
  constructor(folder, options) {
    this.options = options;
    this.data = options.data ?? join(folder, 'registry');
    this.log = '';
    this.config = join(folder, 'registry.json');
    const http = { addr: '127.0.0.1:0', secret: 'of this test' };
    if (options.certificate) http.tls = { certificate: options.certificate.cert, key: options.certificate.key };
    const config = { version: 0.1, log: { level: 'info', accesslog: { disabled: false } }, http,
      storage: { filesystem: { rootdirectory: this.data }, delete: { enabled: true } } };
    if (options.users) {
      writeFileSync(join(folder, 'htpasswd'), htpasswd);
      config.auth = { htpasswd: { realm: 'test', path: join(folder, 'htpasswd') } };
    }
    if (options.token) config.auth = { token: options.token };
    writeFileSync(this.config, JSON.stringify(config));  // YAML, too
  }

  async start() {
    this.child = endsWithUs(spawn('docker-registry', ['serve', this.config], { stdio: ['ignore', 'pipe', 'pipe'] }));
    this.exited = new Promise((resolve) => { this.child.once('close', resolve); });
    const listening = new Promise((resolve) => {
      for (const stream of [this.child.stdout, this.child.stderr]) {
        eachLine(stream, (line) => {
          this.log += `${line}\n`;
          const found = /listening on 127\.0\.0\.1:(\d+)/.exec(line);
          if (found) resolve(Number(found[1]));
        });
      }
    });
    const ended = this.exited.then(() => assert.fail(`docker-registry ended:\n${this.log}`));
    this.port = await within(Promise.race([listening, ended]), 'the registry starts');
    ended.catch(() => {});
    this.host = `127.0.0.1:${this.port}`;
  }

  async stop() {
    await endProcess(this.child, 'SIGTERM');
  }

  // What anybody with the robot's password sees.
  get(path, headers = {}) {
    const { certificate } = this.options;
    const ask = certificate ? requestHttps : requestHttp;
    return within(new Promise((resolve, reject) => {
      ask({ host: '127.0.0.1', port: this.port, path, agent: false, rejectUnauthorized: false,
        auth: this.options.users ? `${robot.user}:${robot.password}` : undefined,
        headers: { Accept: 'application/vnd.oci.image.manifest.v1+json', ...headers } }, (answer) => {
        const parts = [];
        answer.on('data', (part) => parts.push(part));
        answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts) }));
      }).on('error', reject).end();
    }), `the registry answers ${path}`);
  }

  async digestOf(repository, tag) {
    const { status, headers } = await this.get(`/v2/${repository}/manifests/${tag}`);
    return status === 200 ? headers['docker-content-digest'] : undefined;
  }

  // Uploads that were begun and neither ended nor taken back.
  openUploads(repository) {
    const folder = join(this.data, 'docker/registry/v2/repositories', repository, '_uploads');
    return existsSync(folder) ? readdirSync(folder) : [];
  }
}

export async function startRegistry(t, options = {}) {
  const registry = new Registry(temporaryFolder(t), options);
  cleanUp(t, 'the registry', () => registry.stop());
  await registry.start();
  return registry;
}

const digestOf = (bytes) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

// An OCI layout with layers of random bytes, which nobody can have already: {folder, digest, layer, bytes}.
export function makeLayout(folder, bytes, version = '1.0', count = 1) {
  mkdirSync(join(folder, 'blobs/sha256'), { recursive: true });
  const add = (mediaType, content) => {
    const digest = digestOf(content);
    writeFileSync(join(folder, 'blobs/sha256', digest.slice(7)), content);
    return { mediaType, digest, size: content.length };
  };
  const type = (name) => `application/vnd.oci.image.${name}`;
  const layers = Array.from({ length: count }, () => add(type('layer.v1.tar+gzip'), randomBytes(bytes)));
  const config = add(type('config.v1+json'), JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) } }));
  const manifest = add(type('manifest.v1+json'), JSON.stringify({ schemaVersion: 2, mediaType: type('manifest.v1+json'), config, layers }));
  manifest.annotations = { 'org.opencontainers.image.ref.name': version };
  writeFileSync(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [manifest] }));
  writeFileSync(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  return { folder, digest: manifest.digest, layer: layers[0].digest, bytes };
}

// Runs waaft: {code, out, err}; with `running` one also gets the process while it runs.
export async function runWaaft(args, { input = '', env = {}, cwd = '/', running = () => {} } = {}) {
  const child = spawn(binary, args, { cwd, env: { PATH: process.env.PATH, ...env } });
  const result = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => { result.out += text; });
  child.stderr.setEncoding('utf8').on('data', (text) => { result.err += text; });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const ended = new Promise((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? signal));
  });
  running(child);
  try {
    result.code = await within(ended, `waaft ${args[0]} ends`, 120_000);
  } finally {
    child.kill('SIGKILL');
  }
  return result;
}

export const canMount = process.getuid() === 0 && spawnSync('mountpoint', ['/']).status === 0;
