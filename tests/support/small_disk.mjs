// A disk of a few megabytes that can be filled and emptied, for servers that outlive each other on it: a mount in a
// namespace of its own, which goes with its holder. Only root can have one.
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { endAfter, temporaryFolder } from './cleanup.mjs';
import { lineOf } from './lines.mjs';
import { within } from './wait.mjs';

const mounts = () => spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt'], { stdio: 'ignore' }).status === 0;
export const skipWithoutSmallDisk = process.getuid() !== 0 ? 'only root can mount a small disk'
  : mounts() ? false : 'mounting is not permitted here';

function untilFull(action) {
  try {
    for (let number = 0; ; number += 1) action(number);
  } catch (error) {
    if (error.code !== 'ENOSPC') throw error;
  }
}

class SmallDisk {
  constructor(data, holder) {
    this.data = data;                                           // as the server sees it
    this.prefix = ['nsenter', '--mount', `--target=${holder.pid}`];
    this.outside = join('/proc', `${holder.pid}`, 'root', data);  // the same for us
  }

  // No byte is left.
  fill() {
    const file = openSync(join(this.outside, 'filler'), 'w');
    for (const size of [1 << 18, 4096, 1]) untilFull(() => writeSync(file, Buffer.alloc(size)));
    closeSync(file);
  }

  // No file can be made; there are still bytes for those that are there.
  fillWithFiles() {
    untilFull((number) => closeSync(openSync(join(this.outside, `filler-${number}`), 'w')));
  }

  makeSpace() {
    for (const name of readdirSync(this.outside)) if (name.startsWith('filler')) rmSync(join(this.outside, name));
  }
}

// options: of the mount, such as size=6m,nr_inodes=20.
export async function mountSmallDisk(t, options = 'size=6m') {
  const data = join(temporaryFolder(t), 'data');
  mkdirSync(data);
  const mount = 'mount -t tmpfs -o "$1" none "$0" && echo mounted && exec sleep infinity';
  const holder = endAfter(t, 'the holder of a small disk', spawn('unshare', ['-m', 'sh', '-c', mount, data, options]));
  await within(lineOf(holder.stdout, (line) => line === 'mounted', 'it was mounted'), 'a small disk is mounted');
  return new SmallDisk(data, holder);
}
