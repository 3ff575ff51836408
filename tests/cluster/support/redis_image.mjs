// Debian's programs as images, for clusters and engines that get none from outside: the servers' `redis.image` in tests.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeLayer, pushImage } from './image.mjs';

// With what the probes of manifests/redis-statefulset.yaml run besides.
const redisPrograms = ['redis-server', 'redis-cli', 'sh', 'cat', 'grep'];

const pathOf = (program) => execFileSync('sh', ['-c', `PATH=$PATH:/usr/sbin command -v ${program}`], { encoding: 'utf8' }).trim();
const librariesOf = (file) => execFileSync('ldd', [file], { encoding: 'utf8' }).match(/\/\S+(?= \()/g);

// A layer with programs in /usr/bin and /bin, the libraries that they load, and files by their place.
export const layerOf = (programs, files = {}) => makeLayer((folder) => {
  const at = (place) => {
    mkdirSync(dirname(join(folder, place)), { recursive: true });
    return join(folder, place);
  };
  for (const program of programs) {
    for (const bin of ['/usr/bin', '/bin']) cpSync(realpathSync(pathOf(program)), at(`${bin}/${program}`));
    for (const library of librariesOf(pathOf(program))) cpSync(realpathSync(library), at(library));
  }
  for (const [place, text] of Object.entries(files)) writeFileSync(at(place), text);
}, JSON.stringify({ programs, files }));

export const redisLayer = (more = []) => layerOf([...redisPrograms, ...more]);

export const canMakeRedisImage = (() => {
  try {
    return redisPrograms.every(pathOf);
  } catch {
    return false;
  }
})();

// "host/waaft-test-redis@sha256:..."
export async function pushRedisImage(registry) {
  return pushImage(registry, { repository: 'waaft-test-redis', more: await redisLayer(), program: { Env: ['PATH=/usr/bin'] } });
}
